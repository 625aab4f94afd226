"""Which answers are on record: every one to a known key, whatever it is, and no other, which is counted instead."""

import pytest
from django.db import OperationalError
from django.db.models import Sum
from rest_framework.response import Response

from encounters.api import queries
from encounters.api.cursors import Cursor
from encounters.api.views import EncounterViewSet
from partners.api.disclosure import Disclosing, Disclosure
from partners.catalogue.reasons import Reason
from partners.catalogue.routes import Route
from partners.decision import facts
from partners.keys import tokens
from partners.models import AllowedNetwork, ApiKeySwitch, KeyNetwork, RequestRecord, UnkeyedCount
from partners.record.unknown_callers import unkeyed
from tests.api import CHANGES, LIST, Api
from tests.factories import CHANGE, DocumentFactory, EncounterFactory, issue, limit
from tests.partners.support.rows import expire

pytestmark = pytest.mark.django_db
UNKNOWN_ID = "enc_" + "0" * 22
DOCUMENT = f"{LIST}/{{encounter}}/documents/{{document}}"
READS = pytest.mark.parametrize("method", ["GET", "HEAD"])

# How the key can stand, and what can be asked with it.
STANDINGS = {
    "": lambda key: None,
    "api_keys_disabled": lambda key: ApiKeySwitch.turn(False, CHANGE),
    "disabled_key": lambda key: key.disable(CHANGE),
    "revoked_key": lambda key: key.revoke(CHANGE),
    "expired_key": expire,
    "source_not_allowed": lambda key: key.set_networks("enforce", AllowedNetwork.listed([("::1", "One")]), CHANGE),
    "organization_not_allowlisted": lambda key: key.organization.set_access(CHANGE, allowlisted=False),
    "route_not_allowed": lambda key: key.organization.set_access(CHANGE, disable=Route.grantable()),
    "missing_scope": lambda key: key.set_scopes([], CHANGE),
    "rate_limited": lambda key: limit(key, 1, used=1),
}
CALLS = {
    "unsupported_filter": {"query": "x=1"},
    "invalid_limit": {"query": "limit=0"},
    "invalid_offset": {"query": "offset=x"},
    "invalid_sort": {"query": "sort_order=up"},
    "invalid_query": {"query": "start_at=now"},
    "cursor_expired": {"path": CHANGES, "query": "cursor={expired}"},
    "encounter_not_found": {"path": f"{LIST}/{UNKNOWN_ID}"},
    "cross_organization_denied": {"path": f"{LIST}/{{elsewhere}}"},
    "demo_training_denied": {"path": f"{LIST}/{{demo}}"},
    "document_not_found": {"path": f"{DOCUMENT}0"},
    "unsupported_document_type": {"path": f"{LIST}/{{encounter}}/documents/{{note}}/transcript"},
    "transcript_not_found": {"path": f"{DOCUMENT}/transcript"},
    "audio_not_found": {"path": f"{DOCUMENT}/audio"},
}
FAULTS = {
    "service_unavailable": OperationalError("words of the database"),
    "internal_error": RuntimeError("our own words"),
}
BEFORE_AUTHENTICATION = {
    "route_not_found": {"path": f"{LIST}/"},
    "bad_request": {"HTTP_HOST": "elsewhere.example"},
    "https_required": {},
}
KNOWN_BUT_UNREAD = {"org_scope_only_required", "method_not_allowed"}
OF_NO_KEY = {"missing_bearer", "test_prefix_not_allowed", "malformed_token", "digest_key_unavailable", "invalid_key"}


@pytest.fixture
def ids(organization):
    """What can be asked for."""
    transcript = DocumentFactory(encounter__organization=organization)
    note = DocumentFactory(encounter=transcript.encounter, schema_type="document")
    found = {"encounter": transcript.encounter, "document": transcript, "note": note, "elsewhere": EncounterFactory()}
    found["demo"] = EncounterFactory(organization=organization, record_class="demo")
    expired = str(Cursor(-1, organization.pk, 0, 0))
    return {name: row.public_id for name, row in found.items()} | {"expired": expired}


def assert_on_record(key, answer, code, method="GET"):
    """Assert that there is the one row of this answer, and that it was not counted as well."""
    record = RequestRecord.objects.get()
    assert (record.request_id, record.status, record.reason_code) == (answer["X-Request-ID"], answer.status_code, code)
    assert (record.api_key, record.organization, record.method) == (key, key.organization, method)
    disclosed = code == "" and method == "GET"
    assert (record.count, record.encounters, record.patients) == (0, [], []) or disclosed
    unkeyed.TALLY.write()
    assert not UnkeyedCount.objects.exists()


def raising(fault):
    def fail(*args, **values):
        raise fault

    return fail


def test_every_code_has_its_place_in_these_tests():
    assert (
        STANDINGS.keys() | CALLS.keys() | FAULTS.keys() | BEFORE_AUTHENTICATION.keys() | KNOWN_BUT_UNREAD | OF_NO_KEY
        == {
            "",
            *(reason.code for reason in Reason),
        }
    )


@READS
@pytest.mark.parametrize("code", STANDINGS)
def test_however_the_key_stands(owned, ids, code, method):
    key, api = owned
    STANDINGS[code](key)
    answer = api.get(method=method)
    assert answer.status_code == 200 or method == "HEAD" or answer.json()["reason_code"] == code
    assert_on_record(key, answer, code, method)


@READS
@pytest.mark.parametrize("code", CALLS)
def test_whatever_is_asked(owned, ids, code, method):
    key, api = owned
    path, query = (CALLS[code].get(name, "") for name in ("path", "query"))
    assert_on_record(key, api.get(path.format(**ids) or LIST, query.format(**ids), method=method), code, method)


def test_a_key_of_no_organization(db):
    key, token = issue(None)
    assert_on_record(key, Api(token).get(), "org_scope_only_required")


@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS"])
def test_other_methods(owned, method):
    assert_on_record(owned[0], owned[1].get(method=method), "method_not_allowed", method)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
@pytest.mark.parametrize("standing", ["", "disabled_key", "revoked_key", "expired_key", "missing_scope"])
@pytest.mark.parametrize("code", BEFORE_AUTHENTICATION)
def test_a_known_key_that_is_refused_at_the_door(owned, settings, code, standing, method):
    settings.REQUIRE_HTTPS = code == "https_required"
    key, api = owned
    STANDINGS[standing](key)
    answer = api.get(method=method, **BEFORE_AUTHENTICATION[code])
    assert method == "HEAD" or answer.json()["reason_code"] == code
    assert_on_record(key, answer, code, method)
    assert RequestRecord.objects.get().route == ""


@READS
@pytest.mark.parametrize("code", FAULTS)
def test_a_fault_once_the_key_is_known(owned, monkeypatch, code, method):
    monkeypatch.setattr(queries, "page", raising(FAULTS[code]))
    assert_on_record(owned[0], owned[1].get(method=method), code, method)


def test_a_body_that_cannot_be_rendered(owned, monkeypatch):
    monkeypatch.setattr(queries, "page", lambda *args, **values: ({"items": object()}, Disclosure([1], [2])))
    assert_on_record(owned[0], owned[1].get(), "internal_error")


@pytest.mark.parametrize("status", [200, 404])
def test_an_answer_that_does_not_say_what_it_discloses_leaves_as_500(owned, monkeypatch, status):
    monkeypatch.setattr(EncounterViewSet, "list", lambda *args: Response({"name": "Invented"}, status))
    answer = owned[1].get()
    assert (answer.status_code, b"Invented" in answer.content) == (500, False)
    assert_on_record(owned[0], answer, "internal_error")


def test_data_for_nobody_known_leave_as_500_and_are_counted(organization, monkeypatch):
    monkeypatch.setattr(EncounterViewSet, "initial", lambda *args, **values: None)
    monkeypatch.setattr(EncounterViewSet, "list", lambda *args: Disclosing({"name": "Invented"}, Disclosure([1], [1])))
    answer = Api().get()
    assert (answer.status_code, b"Invented" in answer.content) == (500, False)
    assert counted() == {"internal_error": 1}


def counted() -> dict:
    """Return how many answers were counted by code; none of them has a row."""
    assert not RequestRecord.objects.exists()
    assert not KeyNetwork.objects.exists()
    unkeyed.TALLY.write()
    totals = UnkeyedCount.objects.values_list("reason_code").annotate(total=Sum("count"))
    return dict(totals.order_by())


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize(
    ("code", "call"),
    [
        ("missing_bearer", {}),
        ("malformed_token", {"authorization": "Bearer x"}),
        ("test_prefix_not_allowed", {"authorization": f"Bearer {tokens.mint(is_test=True).text}"}),
        ("invalid_key", {"authorization": f"Bearer {tokens.mint(is_test=False).text}"}),
        ("route_not_found", {"path": "/external/nowhere"}),
        ("bad_request", {"HTTP_HOST": "elsewhere.example"}),
    ],
)
def test_an_answer_that_belongs_to_no_key_is_counted(db, code, call, method):
    Api().get(method=method, **call)
    assert counted() == {code: 1}


def test_a_wrong_secret_of_a_known_key_belongs_to_no_key(token):
    body = token[:-7] + ("0" if token[-7] != "0" else "1")
    assert Api(body + tokens.checksum(body)).refusal() == (401, "invalid_key", None)
    assert counted() == {"invalid_key": 1}


def test_a_known_key_whose_digest_key_is_missing_cannot_be_known(api, settings):
    settings.DIGEST_KEYS = ""
    assert api.refusal() == (503, "digest_key_unavailable", None)
    assert counted() == {"digest_key_unavailable": 1}


def test_a_fault_before_the_key_is_known_belongs_to_no_key(api, monkeypatch):
    monkeypatch.setattr(facts, "_stored", raising(OperationalError("words of the database")))
    assert api.refusal() == (503, "service_unavailable", None)
    assert counted() == {"service_unavailable": 1}


def test_a_crash_outside_of_every_view_is_counted(db, monkeypatch):
    monkeypatch.setattr("whitenoise.middleware.WhiteNoiseMiddleware.__call__", raising(RuntimeError("ours")))
    assert Api().refusal() == (500, "internal_error", None)
    assert counted() == {"internal_error": 1}


def test_pages_for_people_are_neither_recorded_nor_counted(client):
    assert client.get("/admin/login/").status_code == 200
    assert counted() == {}


def test_each_answer_has_an_id_and_a_row_of_its_own(owned):
    answers = [owned[1].get(query=f"offset={n}") for n in range(5)]
    ids = [answer["X-Request-ID"] for answer in answers]
    assert list(RequestRecord.objects.order_by("id").values_list("request_id", flat=True)) == ids
    assert len({*ids}) == 5
