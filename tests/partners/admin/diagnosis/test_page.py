"""The page that says why a call fails: every reason code, every later blocker, and who mends each."""

import html
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from encounters.api.cursors import Cursor
from encounters.models import Encounter
from partners.catalogue.reasons import Reason
from partners.catalogue.routes import Route, Scope
from partners.keys import tokens
from partners.models import AllowedNetwork, ApiKey, ApiKeySwitch
from tests.api import CHANGES, KEY, LIST, Api
from tests.encounters.support.restricted import restrict
from tests.factories import CHANGE, DocumentFactory, EncounterFactory, issue, limit
from tests.partners.support.diagnosing import ask, text_of, with_wrong_secret

pytestmark = pytest.mark.django_db
UNKNOWN_ID = "enc_" + "0" * 22


def sent(answer) -> tuple[str, list[str], dict]:
    """Return the status line, the headers and the body that the page shows."""
    head, _, body = answer.context["findings"].sent.partition("\n\n")
    status, *headers = head.split("\n")
    assert html.escape(answer.context["findings"].sent) in answer.content.decode()
    return status, headers, json.loads(body)


# Why a record that exists is not found -------------------------------------------------------------------------------
@pytest.mark.parametrize("part", ["", "/documents/{document}", "/documents/{document}/transcript"])
@pytest.mark.parametrize(
    ("withhold", "why"),
    [
        (lambda each: restrict(each.encounter), "the encounter is withheld by a restriction."),
        (lambda each: restrict(each.encounter.patient), "the encounter is withheld by a restriction."),
        (
            lambda each: Encounter.objects.update(withdrawn_at=timezone.now()),
            "the encounter was taken back by its source.",
        ),
    ],
)
def test_only_who_may_know_reads_that_a_record_is_withheld(support, security, organization, part, withhold, why):
    key, document = issue(organization)[0], DocumentFactory(encounter__organization=organization)
    call = f"GET {LIST}/{document.encounter}{part.format(document=document)}"
    withhold(document)
    told = {who: text_of(ask(client, key.public_id, call)) for who, client in (("all", security), ("some", support))}
    for said in told.values():
        assert "404 encounter_not_found because no encounter has this id;" in said
    assert (f"Only for staff: {why}" in told["all"], "the record exists, but is not served." in told["some"]) == (
        True,
        True,
    )
    assert ("restriction" in told["some"], "source." in told["some"]) == (False, False)


def test_a_restricted_document_is_told_too(security, organization):
    key, document = issue(organization)[0], DocumentFactory(encounter__organization=organization)
    restrict(document)
    said = text_of(ask(security, key.public_id, f"GET {LIST}/{document.encounter}/documents/{document}"))
    assert "Only for staff: the document is withheld by a restriction." in said


def test_nothing_is_said_of_what_is_served_or_unknown(security, organization):
    key, document = issue(organization)[0], DocumentFactory(encounter__organization=organization)
    for path in ("", f"/{UNKNOWN_ID}", f"/{document.encounter}", f"/{document.encounter}/documents/{document}"):
        assert "Only for staff" not in text_of(ask(security, key.public_id, f"GET {LIST}{path}"))


# Every reason code ---------------------------------------------------------------------------------------------------


def expired(key, token):
    past = timezone.now() - timedelta(days=1)
    ApiKey.objects.filter(pk=key.pk).update(created_at=past - timedelta(days=1), expires_at=past)
    return token


def under_another_digest_key():
    token = tokens.mint(is_test=False)
    ApiKey.objects.create(label="Invented", public_part=token.public_part, digest=bytes(32), digest_key_number=9)
    return token.text


def from_elsewhere(key, token):
    key.set_networks("enforce", AllowedNetwork.listed([("203.0.113.0/24", "Office")]), CHANGE)
    return token


def key_of_nobody(key, token):
    return issue(None)[1]


def encounter(key, **values):
    return f"GET {LIST}/{EncounterFactory(organization=key.organization, **values).public_id}"


def document(key, last="", **values):
    made = DocumentFactory(encounter__organization=key.organization, **values)
    return f"GET {LIST}/{made.encounter}/documents/{made}{last}"


SITUATIONS = {
    "missing_bearer": lambda key, token: "",
    "api_keys_disabled": lambda key, token: ApiKeySwitch.turn(False, CHANGE) or token,
    "test_prefix_not_allowed": lambda key, token: tokens.mint(is_test=True).text,
    "malformed_token": lambda key, token: token[:-1],
    "digest_key_unavailable": lambda key, token: under_another_digest_key(),
    "invalid_key": lambda key, token: with_wrong_secret(token),
    "disabled_key": lambda key, token: key.disable(CHANGE) or token,
    "revoked_key": lambda key, token: key.revoke(CHANGE) or token,
    "expired_key": expired,
    "source_not_allowed": from_elsewhere,
    "org_scope_only_required": key_of_nobody,
    "organization_not_allowlisted": lambda key, token: key.organization.set_access(CHANGE, allowlisted=False) and token,
    "route_not_allowed": lambda key, token: key.organization.set_access(CHANGE, disable=Route.grantable()) and token,
    "missing_scope": lambda key, token: key.set_scopes([Scope.ENCOUNTERS_READ], CHANGE) or token,
    "rate_limited": lambda key, token: limit(key.organization, 1, used=1) or token,
    "unsupported_filter": lambda key, token: (token, f"GET {LIST}?cursor=1"),
    "invalid_limit": lambda key, token: (token, f"GET {LIST}?limit=500"),
    "invalid_offset": lambda key, token: (token, f"GET {LIST}?offset=-1"),
    "invalid_sort": lambda key, token: (token, f"GET {LIST}?sort_order=up"),
    "invalid_query": lambda key, token: (token, f"GET {LIST}?start_at=now&end_at=now"),
    "cursor_expired": lambda key, token: (token, f"GET {CHANGES}?cursor={Cursor(-1, key.organization_id, 0, 0)}"),
    "encounter_not_found": lambda key, token: (token, f"GET {LIST}/{UNKNOWN_ID}"),
    "cross_organization_denied": lambda key, token: (token, f"GET {LIST}/{EncounterFactory().public_id}"),
    "demo_training_denied": lambda key, token: (token, encounter(key, record_class="demo")),
    "document_not_found": lambda key, token: (token, document(key, withdrawn_at=timezone.now())),
    "unsupported_document_type": lambda key, token: (token, document(key, "/audio", schema_type="document")),
    "transcript_not_found": lambda key, token: (token, document(key, "/transcript", status="draft")),
    "audio_not_found": lambda key, token: (token, document(key, "/audio")),
    "https_required": lambda key, token: (token, f"http://testserver{LIST}/"),
    "route_not_found": lambda key, token: (token, f"GET {LIST}/"),
    "method_not_allowed": lambda key, token: (token, f"POST {LIST}"),
    "bad_request": lambda key, token: (token, f"https://elsewhere.example{LIST}"),
    "service_unavailable": lambda key, token: ApiKeySwitch.objects.all().delete() and token,
}


def test_a_look_at_a_key_is_judged_by_the_key_alone(support):
    _, token = issue(None)
    page = ask(support, token, f"GET {KEY}")
    assert "The call is answered with 200" in text_of(page)
    assert "The response contains facts about the key and isn't shown here." in text_of(page)
    shown = [finding.reason.code for finding in page.context["findings"].reached]
    assert shown[-3:] == ["expired_key", "method_not_allowed", "unsupported_filter"]
    assert "unsupported_filter" in text_of(ask(support, token, f"GET {KEY}?x=1"))


def test_every_reason_that_can_be_judged_has_a_situation():
    assert [*SITUATIONS] == [reason.code for reason in Reason if reason is not Reason.INTERNAL_ERROR]


@pytest.mark.parametrize("code", SITUATIONS)
def test_every_reason_code_is_shown_as_the_partner_receives_it(support, organization, settings, code):
    key, token = issue(organization)
    situation = SITUATIONS[code](key, token)
    credentials, request = situation if isinstance(situation, tuple) else (situation, f"GET {LIST}")
    settings.REQUIRE_HTTPS = code == "https_required"
    page = ask(support, credentials, request, secure=True)
    method, target = parts_of(request)
    host = {"HTTP_HOST": "elsewhere.example"} if code == "bad_request" else {}
    path, _, query = target.partition("?")
    live = Api(credentials or None).get(path, query, method=method, **host)
    status, headers, body = sent(page)
    assert status.startswith(f"HTTP/1.1 {live.status_code} ")
    assert (body, body["reason_code"]) == (live.json(), code)
    for header in ("WWW-Authenticate", "Allow", "Retry-After", "Content-Type"):
        assert (header not in live) or f"{header}: {live[header]}" in headers
    assert f"The call is refused with {live.status_code} {code} because" in text_of(page)
    assert f'href="/admin/reasons/{code}/"' in page.content.decode()


def parts_of(request):
    method, _, target = request.partition(" ") if " " in request else ("GET", "", request)
    return method, target.removeprefix("https://elsewhere.example").removeprefix("http://testserver")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_served_call(support, organization, method):
    encounter = EncounterFactory(organization=organization)
    page = ask(support, issue(organization)[1], f"{method} {LIST}/{encounter.public_id}")
    assert "The call is answered with 200: nothing blocks it." in text_of(page)
    assert "What's blocking it" not in text_of(page)
    assert page.context["findings"].sent == ""
    for private in (encounter.patient.last_name, encounter.patient.public_id, "1970-01-01"):
        assert private not in page.content.decode()


def test_another_organizations_encounter_is_not_revealed(support, organization):
    theirs = EncounterFactory()
    page = ask(support, issue(organization)[0].public_id, f"GET {LIST}/{theirs.public_id}").content.decode()
    assert "cross_organization_denied" in page
    for private in (theirs.organization.name, theirs.organization.public_id, theirs.patient.last_name):
        assert private not in page


def test_for_a_head_request_the_page_says_that_there_is_no_body(support):
    assert "HEAD gets the same without the last line" in text_of(ask(support, "", f"HEAD {LIST}"))


# Every later blocker -------------------------------------------------------------------------------------------------


def blockers(page):
    return [finding.reason.code for finding in page.context["findings"].blockers]


@pytest.mark.parametrize(
    ("damage", "first"),
    [
        (lambda token: token, None),
        (with_wrong_secret, "invalid_key"),
        (lambda token: token[:50], "malformed_token"),
        (lambda token: "ch_sk_test_" + token[6:], "test_prefix_not_allowed"),
    ],
)
def test_every_later_blocker_is_shown_with_any_token(support, organization, damage, first):
    key, token = issue(organization, scopes=[])
    key.disable(CHANGE)
    organization.set_access(CHANGE, allowlisted=False)
    page = ask(support, damage(token), f"POST {LIST}?limit=500&offset=x")
    later = [
        "disabled_key",
        "organization_not_allowlisted",
        "missing_scope",
        "method_not_allowed",
        "invalid_limit",
        "invalid_offset",
    ]
    found = [
        code for code in blockers(page) if code not in ("malformed_token", "test_prefix_not_allowed", "invalid_key")
    ]
    assert (blockers(page)[0], found) == (first or "disabled_key", later)
    assert ("the secret doesn't match or can't be verified" in text_of(page)) == (first is not None)


def test_under_an_unloaded_digest_key_the_later_checks_are_judged(support, organization, settings):
    key, token = issue(organization)
    key.revoke(CHANGE)
    settings.DIGEST_KEYS = ""
    page = ask(support, token)
    assert blockers(page) == ["digest_key_unavailable", "revoked_key"]
    assert "Not known yet" in text_of(page)


def test_on_no_route_the_key_is_judged_all_the_same(support, organization):
    key, _ = issue(organization)
    key.disable(CHANGE)
    page = ask(support, key.public_id, "GET /external/v2/encounters")
    assert blockers(page) == ["route_not_found", "disabled_key"]
    outcomes = {each.reason.code: each.word for each in page.context["findings"].beyond}
    assert (outcomes["route_not_allowed"], outcomes["missing_scope"], outcomes["revoked_key"]) == (
        "Not known yet",
        "Not known yet",
        "Would pass",
    )


def test_outcomes_are_shown_before_at_and_after_the_refusal(support, organization):
    page = ask(support, issue(organization)[1], f"GET {LIST}?limit=0&sort_order=x")
    findings = page.context["findings"]
    assert {each.word for each in findings.reached[:-1]} == {"Passed"}
    assert [each.word for each in [findings.reached[-1], *findings.beyond]] == [
        "Refused",
        "Would pass",
        "Would refuse",
        "Would pass",
    ]
