"""The contract of `GET /external/v1/key` by situation: what a key is told about itself.

It states the answers anew and imports no policy, so a rule that is lost there fails here.
"""

from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from partners.api import own_key
from partners.catalogue.routes import Route, Scope
from partners.models import ApiKey, ApiKeySwitch, ChangeEvent
from tests.api import CHANGES, KEY, LIST, Api
from tests.factories import CHANGE, DocumentFactory, OrganizationFactory, issue

pytestmark = pytest.mark.django_db

SCOPES = {
    "encounters.list": {"encounters:read", "patients:read", "documents:read"},
    "encounters.detail": {"encounters:read", "patients:read", "documents:read"},
    "documents.detail": {"encounters:read", "documents:read"},
    "documents.transcript": {"encounters:read", "documents:read"},
    "documents.audio": {"encounters:read", "documents:read", "recordings:read"},
    "changes.list": {"encounters:read", "patients:read", "documents:read"},
}
NOON = datetime(2026, 5, 25, 12, tzinfo=UTC)


def read(token):
    """Return what a key is told about itself."""
    response = Api(token).get(KEY)
    assert response.status_code == 200
    return response.json()["key"]


def verdicts(token):
    return {each["route"]: each["reason_code"] for each in read(token)["routes"]}


def test_the_shape_key_by_key(organization):
    key, token = issue(organization, label="EHR sync", scopes=[Scope.DOCUMENTS_READ, Scope.ENCOUNTERS_READ])
    later = NOON.replace(year=2126, microsecond=250_000)
    ApiKey.objects.filter(pk=key.pk).update(created_at=NOON, expires_at=later)
    response = Api(token).get(KEY)
    assert response.json() == {
        "key": {
            "key_id": key.public_id,
            "public_part": f"ch_sk_{key.public_part}",
            "label": "EHR sync",
            "kind": "live",
            "organization_id": organization.public_id,
            "scopes": ["encounters:read", "documents:read"],
            "issued_at": "2026-05-25T12:00:00Z",
            "expires_at": "2126-05-25T12:00:00.250000Z",
            "rotated_at": None,
            "routes": [
                {"route": "encounters.list", "allowed": False, "reason_code": "missing_scope"},
                {"route": "encounters.detail", "allowed": False, "reason_code": "missing_scope"},
                {"route": "documents.detail", "allowed": True, "reason_code": None},
                {"route": "documents.transcript", "allowed": True, "reason_code": None},
                {"route": "documents.audio", "allowed": False, "reason_code": "missing_scope"},
                {"route": "changes.list", "allowed": False, "reason_code": "missing_scope"},
            ],
        }
    }
    assert [*response.json()["key"]] == [
        *("key_id", "public_part", "label", "kind", "organization_id", "scopes"),
        *("issued_at", "expires_at", "rotated_at", "routes"),
    ]


def test_a_key_without_an_end(organization):
    assert read(issue(organization)[1])["expires_at"] is None


def test_a_test_key(settings, organization):
    settings.ACCEPT_TEST_KEYS = True
    key, token = issue(organization, is_test=True)
    told = read(token)
    assert (told["kind"], told["public_part"]) == ("test", f"ch_sk_test_{key.public_part}")


def test_a_rotated_key_and_its_successor(organization):
    key, token = issue(organization)
    successor, new = key.rotate(CHANGE)
    told, of_successor = read(token), read(new.text)
    assert datetime.fromisoformat(told["rotated_at"]) == key.rotated_at
    assert datetime.fromisoformat(told["expires_at"]) == key.rotated_at + timedelta(hours=24)
    assert (of_successor["key_id"], of_successor["rotated_at"]) == (successor.public_id, None)


def test_a_key_is_told_about_itself_alone(organization):
    mine, token = issue(organization, label="Mine")
    other, _ = issue(organization, label="Other", scopes=[])
    text = Api(token).get(KEY).content.decode()
    assert mine.public_id in text
    assert other.public_id not in text
    assert "Other" not in text
    assert token[18:] not in text


# It answers when everything else is refused --------------------------------------------------------------------------


def no_organization():
    return issue(None)[1], "org_scope_only_required"


def not_allowlisted():
    return issue(OrganizationFactory(allowlisted=False))[1], "organization_not_allowlisted"


def nothing_enabled():
    return issue(OrganizationFactory(routes=[]))[1], "route_not_allowed"


def no_scopes():
    return issue(OrganizationFactory(), scopes=[])[1], "missing_scope"


def nothing_at_all():
    return issue(OrganizationFactory(allowlisted=False, routes=[]), scopes=[])[1], "organization_not_allowlisted"


@pytest.mark.parametrize("refused", [no_organization, not_allowlisted, nothing_enabled, no_scopes, nothing_at_all])
def test_it_answers_a_key_that_is_refused_everywhere_else(refused):
    token, code = refused()
    assert verdicts(token) == dict.fromkeys(SCOPES, code)
    assert Api(token).refusal(LIST)[1] == code


def test_a_key_of_no_organization_has_none():
    assert read(issue(None)[1])["organization_id"] is None


@pytest.mark.parametrize("enabled", SCOPES)
def test_each_route_is_enabled_for_itself(enabled):
    token = issue(OrganizationFactory(routes=[Route.named(enabled)]))[1]
    assert {name for name, code in verdicts(token).items() if code is None} == {enabled}


@pytest.mark.parametrize("missing", Scope)
def test_a_route_requires_every_scope(organization, missing):
    token = issue(organization, scopes=[scope for scope in Scope if scope is not missing])[1]
    assert verdicts(token) == {name: "missing_scope" if missing in needed else None for name, needed in SCOPES.items()}


def test_a_change_holds_for_the_next_call(organization):
    key, token = issue(organization)
    assert set(verdicts(token).values()) == {None}
    organization.set_access(CHANGE, disable=[Route.DOCUMENTS_AUDIO])
    key.set_scopes([Scope.ENCOUNTERS_READ, Scope.DOCUMENTS_READ], CHANGE)
    assert read(token)["scopes"] == ["encounters:read", "documents:read"]
    assert [*verdicts(token).values()] == [
        "missing_scope",
        "missing_scope",
        None,
        None,
        "route_not_allowed",
        "missing_scope",
    ]
    organization.set_access(CHANGE, allowlisted=False)
    assert set(verdicts(token).values()) == {"organization_not_allowlisted"}


def set_up(random):
    """Return a key that can stand in any way, as far as checks 8–11 go."""
    enabled = [route for route in Route.grantable() if random.random() < 0.7]
    organization = OrganizationFactory(allowlisted=random.random() < 0.8, routes=enabled)
    scopes = [scope for scope in Scope if random.random() < 0.8]
    return issue(organization if random.random() < 0.9 else None, scopes=scopes)


@pytest.mark.parametrize("seed", range(20))
def test_what_it_says_is_what_each_route_answers(seed):
    key, token = set_up(Random(seed))
    document = DocumentFactory(encounter__organization=key.organization or OrganizationFactory())
    one = f"{LIST}/{document.encounter.public_id}"
    paths = [
        LIST,
        one,
        *(f"{one}/documents/{document.public_id}{end}" for end in ("", "/transcript", "/audio")),
        CHANGES,
    ]
    for name, path in zip(SCOPES, paths, strict=True):
        response = Api(token).get(path)
        refusal = response.json()["reason_code"] if response.status_code == 403 else None
        assert verdicts(token)[name] == refusal


# When it does not answer ---------------------------------------------------------------------------------------------


def expire(key):
    past = timezone.now() - timedelta(days=1)
    ApiKey.objects.filter(pk=key.pk).update(created_at=past, expires_at=timezone.now())


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda key: ApiKeySwitch.turn(False, CHANGE), "api_keys_disabled"),
        (lambda key: key.disable(CHANGE), "disabled_key"),
        (lambda key: key.revoke(CHANGE), "revoked_key"),
        (expire, "expired_key"),
    ],
)
@pytest.mark.parametrize("organization", [None, "some"])
def test_a_key_that_is_not_valid(organization, change, code):
    key, token = issue(organization and OrganizationFactory())
    change(key)
    assert Api(token).refusal(KEY) == (401, code, None)


def test_a_test_key_where_none_is_accepted(settings, organization):
    settings.ACCEPT_TEST_KEYS = True
    token = issue(organization, is_test=True)[1]
    settings.ACCEPT_TEST_KEYS = False
    assert Api(token).refusal(KEY) == (401, "test_prefix_not_allowed", None)


def test_a_key_whose_digest_key_is_not_loaded(settings, organization):
    token = issue(organization)[1]
    settings.DIGEST_KEYS = settings.DIGEST_KEYS.split(",")[0]
    assert Api(token).refusal(KEY) == (503, "digest_key_unavailable", None)


@pytest.mark.parametrize("refused", [no_organization, nothing_at_all])
def test_the_method_and_the_query_come_after_the_key(refused):
    token, _ = refused()
    assert Api(token).refusal(KEY, "x=1", method="OPTIONS") == (405, "method_not_allowed", None)
    assert Api(token).refusal(KEY, "x=1&y=2") == (400, "unsupported_filter", "x")
    assert Api(token[:-1]).refusal(KEY, "x=1", method="OPTIONS") == (401, "malformed_token", None)


def test_a_fault_of_the_database_is_no_verdict(organization, monkeypatch):
    token = issue(organization)[1]

    def fail(call):
        raise OperationalError

    monkeypatch.setattr(own_key, "described", fail)
    assert Api(token).refusal(KEY) == (503, "service_unavailable", None)


# What it costs, and what it leaves -----------------------------------------------------------------------------------


def statements(call):
    with CaptureQueriesContext(connection) as captured:
        call()
    return len(captured)


def test_it_takes_three_statements_whatever_is_enabled():
    for enabled in ([], Route.grantable()):
        call = partial(Api(issue(OrganizationFactory(routes=enabled))[1]).get, KEY)
        call()
        assert statements(call) == 3  # the facts, the key, the record


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_it_is_on_record_and_discloses_nobody(organization, method):
    key, token = issue(organization)
    Api(token).get(KEY, method=method)
    record = key.records.get()
    assert (record.route, record.resource, record.query, record.status, record.reason_code) == (
        "key.read",
        "",
        "",
        200,
        "",
    )
    assert (record.count, record.encounters, record.patients, record.document) == (0, [], [], None)
    assert (record.organization, record.method, record.path) == (organization, method, KEY)


def test_it_changes_nothing(organization):
    key, token = issue(organization)
    before = ChangeEvent.objects.count()
    Api(token).get(KEY)
    assert ChangeEvent.objects.count() == before
    assert ApiKey.objects.get(pk=key.pk).last_used_at is None
