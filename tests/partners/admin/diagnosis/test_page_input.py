"""What staff give to the page that says why a call fails, and that no token is kept of it."""

import json
import logging
import re

import pytest
from django.contrib.sessions.models import Session
from django.db import connection

from partners.admin.diagnosis import page as diagnosing
from partners.keys import tokens
from partners.models import AllowedNetwork
from tests.api import LIST
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.support.diagnosing import PAGE, ask, text_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("credentials", "request_line", "told"),
    [
        ("req_0123456789abcdefghijkl", f"GET {LIST}", "No answer with this request id is on record."),
        ("req_0123", f"GET {LIST}", "A request id is req_ and 22 letters and digits."),
        ("key_nobody", f"GET {LIST}", "No API key has this id or public part."),
        ("EHR sync", f"GET {LIST}", "This isn't a key_… id"),
        ("x" * 1_001, f"GET {LIST}", "at most 1000 characters"),
        ("", "", "Enter the request as the partner sent it."),
        ("", "nonsense", "Enter the request as 'GET /external/v1/…'"),
    ],
)
def test_unreadable_input_shows_an_error_next_to_its_field(support, credentials, request_line, told):
    page = ask(support, credentials, request_line)
    assert told in text_of(page)
    assert 'aria-invalid="true"' in page.content.decode()
    assert "findings" not in page.context


def test_a_key_is_chosen_by_the_address(support, organization):
    key, token = issue(organization)
    assert f'value="{key.public_id}"' in support.get(PAGE, {"key": key.public_id}).content.decode()
    for never in (token, key.public_part, "<script>"):
        assert 'name="credentials" value=""' in support.get(PAGE, {"key": never}).content.decode()


def test_a_key_stays_in_its_box_and_the_call_too(support, organization):
    key, _ = issue(organization)
    page = ask(support, f"ch_sk_{key.public_part}…", f"get {LIST}?limit=5").content.decode()
    assert f'value="{key.public_id}"' in page
    assert f">GET {LIST}?limit=5</textarea>" in page
    assert "Checked as a call with this key." in page


def test_a_curl_command_brings_its_own_key(support, organization):
    key, token = issue(organization)
    command = f"curl -H 'Authorization: Bearer {token}' 'http://testserver{LIST}?limit=5'"
    page = ask(support, "", command)
    assert f"The token you pasted, ch_sk_{key.public_part}…, is this key's token." in text_of(page)
    assert f">GET http://testserver{LIST}?limit=5</textarea>" in page.content.decode()
    other, _ = issue(OrganizationFactory())
    assert ask(support, other.public_id, command).context["key"] == other


def test_a_token_of_no_key_is_recognized(support):
    page = text_of(ask(support, tokens.mint(is_test=False).text))
    assert re.search(r"The token you pasted, ch_sk_\w{12}…, doesn't match any key here\.", page)


def test_stored_markup_is_shown_escaped(support):
    organization = OrganizationFactory(name="<script>alert(1)</script>")
    key, _ = issue(organization, label="<img src=x>")
    page = ask(support, key.public_id, f"GET {LIST}?<b>=1").content.decode()
    assert not re.search(r"<script>alert|<img|<b>", page)
    assert "&lt;img src=x&gt;" in page


# No secret -----------------------------------------------------------------------------------------------------------

CARRIERS = [
    ("{}", f"GET {LIST}"),
    ("Authorization: Bearer {}", f"GET {LIST}"),
    ("{} x", f"GET {LIST}"),
    ("", f"GET {LIST}?api_key={{}}"),
    ("", f"GET {LIST}?{{}}=1"),
    ("", f"GET {LIST}/{{}}"),
    ("", f"curl -H 'Authorization: Bearer {{}}' http://testserver{LIST}"),
    ("", "curl -H 'Authorization: Bearer {}"),
    ("", "{}"),
    ("key_{}", "nonsense {}"),
]


@pytest.mark.parametrize(("credentials", "request_line"), CARRIERS)
def test_a_token_is_nowhere_afterwards(support, organization, caplog, credentials, request_line):
    token = issue(organization)[1]
    with caplog.at_level(logging.DEBUG):
        page = ask(support, credentials.format(token), request_line.format(token))
    kept = [json.dumps(session.get_decoded()) for session in Session.objects.all()]
    for place in (page.content.decode(), str(page.headers), str(support.cookies), caplog.text, *kept, *every_column()):
        assert not [at for at in range(18, len(token) - 12) if token[at : at + 12] in place]
    assert 'name="credentials" value=""' in page.content.decode()


def every_column():
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            yield str(cursor.fetchall())


def test_a_fault_of_the_page_keeps_the_token_out_of_its_report(support, organization, monkeypatch, caplog):
    def fail(*args):
        raise RuntimeError

    token = issue(organization)[1]
    monkeypatch.setattr(diagnosing, "diagnose", fail)
    support.raise_request_exception = False
    answer = support.post(PAGE, {"credentials": token, "request": f"GET {LIST}"})
    assert (answer.status_code, answer.wsgi_request.sensitive_post_parameters) == (500, "__ALL__")
    assert token[18:30] not in answer.content.decode() + caplog.text


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("", "The call is answered with 200 if it comes from an allowed network of the key: nothing else blocks it."),
        (" ::ffff:203.0.113.9 ", "The call is answered with 200: nothing blocks it."),
        ("198.51.100.7", "The call is refused with 403 source_not_allowed because the API key may not be used from"),
    ],
)
def test_the_source_address_may_be_given(support, organization, address, sentence):
    key = issue(organization)[0]
    key.set_networks("enforce", AllowedNetwork.listed([("203.0.113.0/24", "Office")]), CHANGE)
    page = support.post(PAGE, {"credentials": key.public_id, "request": f"GET {LIST}", "address": address})
    assert sentence in text_of(page)


def test_a_source_that_is_no_address_is_refused(support, organization):
    given = {"credentials": issue(organization)[0].public_id, "request": f"GET {LIST}", "address": "office"}
    page = support.post(PAGE, given)
    assert "Enter a valid IPv4 or IPv6 address." in text_of(page)
    assert page.context.get("findings") is None
