"""Why does this call fail? The command's answer beside the live one."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from partners.diagnosis.callers import NOTHING_SENT
from partners.diagnosis.calls import RequestLine, diagnose
from partners.keys import tokens
from partners.models import AllowedNetwork, ApiKeySwitch
from tests.api import LIST, Api
from tests.factories import CHANGE, EncounterFactory, OrganizationFactory, issue

pytestmark = pytest.mark.django_db


def diagnosed(request, *arguments, stdin="", monkeypatch=None):
    if monkeypatch:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
    out = io.StringIO()
    call_command("check_access", *arguments, "--request", request, "--json", stdout=out)
    return json.loads(out.getvalue())


def outcomes(report):
    return {check["reason_code"]: check["outcome"] for check in report["checks"]}


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("GET /external/v1/encounters", ("GET", LIST, "")),
        (" get  /external/v1/encounters?limit=5&x HTTP/1.1 ", ("GET", LIST, "limit=5&x")),
        ("POST https://api.example.com/external/v1/encounters?a=%20", ("POST", LIST, "a=%20")),
        ("GET /external/v1/encounters/%00", ("GET", f"{LIST}/\x00", "")),
    ],
)
def test_request_lines(text, parsed):
    line = RequestLine.parse(text)
    assert (line.method, line.path, line.query_string) == parsed


@pytest.mark.parametrize(
    "text", ["", "GET", "/external/v1/encounters", "GET /admin/", "GET  ", "GET http://a b/external/"]
)
def test_what_is_no_request_line(organization, text):
    with pytest.raises(CommandError, match="Enter the request as"):
        diagnosed(text, "--key", issue(organization)[0].public_id)


CALLS = [
    f"GET {LIST}",
    f"GET {LIST}?limit=500",
    f"GET {LIST}?x=1&limit=0",
    f"POST {LIST}",
    f"GET {LIST}/x",
    f"GET {LIST}/x?limit=1",
    f"GET {LIST}/",
    "GET /external/v2",
]


@pytest.mark.parametrize("call", CALLS)
def test_it_answers_as_the_api_does(organization, call, monkeypatch):
    token = issue(organization)[1]
    method, target = call.split(" ")
    path, _, query = target.partition("?")
    live = Api(token).get(path, query, method=method)
    report = diagnosed(call, "--token-stdin", stdin=token, monkeypatch=monkeypatch)
    assert report["status"] == live.status_code
    assert report["body"] == (None if live.status_code == 200 else live.json())


def test_every_later_blocker_is_told(organization):
    key, _ = issue(organization, scopes=[])
    organization.set_access(CHANGE, allowlisted=False)
    key.disable(CHANGE)
    report = diagnosed(f"GET {LIST}/{EncounterFactory(record_class='demo').public_id}?x=1", "--key", key.public_part)
    assert report["reason_code"] == "disabled_key"
    assert [check["reason_code"] for check in report["later"]] == [
        "organization_not_allowlisted",
        "missing_scope",
        "unsupported_filter",
        "cross_organization_denied",
        "demo_training_denied",
    ]


def test_what_cannot_be_judged_is_not_called_passed(monkeypatch):
    report = diagnosed(f"GET {LIST}/x", "--token-stdin", stdin="", monkeypatch=monkeypatch)
    found = outcomes(report)
    assert (report["reason_code"], found["missing_bearer"]) == ("missing_bearer", "failed")
    assert (found["invalid_key"], found["missing_scope"], found["cross_organization_denied"]) == ("unknown",) * 3


def test_an_unknown_token_is_named_so(monkeypatch):
    token = tokens.mint(is_test=False).text
    assert (
        diagnosed(f"GET {LIST}", "--token-stdin", stdin=token, monkeypatch=monkeypatch)["reason_code"] == "invalid_key"
    )


def test_the_plain_output_reads_in_one_look(organization):
    ApiKeySwitch.turn(False, CHANGE)
    out = io.StringIO()
    key, _ = issue(OrganizationFactory(allowlisted=False))
    call_command("check_access", "--key", key.public_id, "--request", f"GET {LIST}?limit=500", stdout=out)
    lines = out.getvalue().splitlines()
    assert lines[0].split() == ["pass", "missing_bearer"]
    assert "FAIL  invalid_limit                 (limit)" in lines
    assert lines[-2].startswith("Answer: 401 api_keys_disabled – API-key authentication is switched off")
    assert lines[-1] == "Once that is fixed, it would fail with: organization_not_allowlisted, invalid_limit"


def test_a_served_call_in_plain_output(organization):
    out = io.StringIO()
    call_command("check_access", "--key", issue(organization)[0].public_id, "--request", f"GET {LIST}", stdout=out)
    assert out.getvalue().splitlines()[-1] == "Answer: 200 OK"


def test_a_path_that_no_pattern_knows_is_no_route(db):
    diagnosis = diagnose(RequestLine("GET", "/nowhere/at/all", "", ""), NOTHING_SENT.facts)
    assert (diagnosis.status, diagnosis.body["reason_code"]) == (404, "route_not_found")


@pytest.mark.parametrize(("host", "status"), [("testserver", 200), ("127.0.0.1:8000", 200), ("elsewhere.example", 400)])
def test_a_host_that_is_named_is_judged(organization, host, status):
    call = f"GET https://{host}{LIST}"
    assert diagnosed(call, "--key", issue(organization)[0].public_id)["status"] == status


def test_beyond_a_wrong_secret_the_holders_call_is_judged(organization, monkeypatch):
    key, token = issue(organization)
    key.disable(CHANGE)
    report = diagnosed(f"GET {LIST}", "--token-stdin", stdin=token[:-1], monkeypatch=monkeypatch)
    assert (report["reason_code"], report["fixed_by"]) == ("malformed_token", "The partner's engineer")
    assert [check["reason_code"] for check in report["later"]] == ["disabled_key"]


@pytest.mark.parametrize(
    ("address", "status", "outcome"),
    [
        (["--from", "203.0.113.9"], 200, "passed"),
        (["--from", "::ffff:203.0.113.9"], 200, "passed"),
        (["--from", "198.51.100.7"], 403, "failed"),
        ([], 200, "unknown"),
    ],
)
def test_the_source_of_a_call_is_judged_if_it_is_given(organization, address, status, outcome):
    key = issue(organization)[0]
    key.set_networks("enforce", AllowedNetwork.listed([("203.0.113.0/24", "Office")]), CHANGE)
    report = diagnosed(f"GET {LIST}", "--key", key.public_id, *address)
    assert (report["status"], outcomes(report)["source_not_allowed"]) == (status, outcome)


def test_a_source_that_is_no_address_is_refused(organization):
    with pytest.raises(CommandError, match="Enter a valid IPv4 or IPv6 address"):
        diagnosed(f"GET {LIST}", "--key", issue(organization)[0].public_id, "--from", "office")
