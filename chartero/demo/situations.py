"""Every documented situation as a call: the request, the expected response and the actual response."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.test import Client
from django.utils import timezone

from chartero.demo import specimens
from chartero.demo.past import CHANGE
from chartero.demo.specimens import Specimens
from encounters.api import changes
from encounters.api.cursors import Cursor
from encounters.models import Encounter
from partners.catalogue.routes import Route, Scope
from partners.keys import lifetimes, tokens
from partners.models import AllowedNetwork, ApiKey, ApiKeySwitch, LimitUse, NetworkMode, Organization

LIST, CHANGES, KEY = "/external/v1/encounters", "/external/v1/changes", "/external/v1/key"
UNKNOWN = "enc_" + "0" * 22
UNKNOWN_DOCUMENT = "doc_" + "0" * 22


@dataclass(frozen=True, slots=True)
class SituationResult:
    """One call: its request, its expected response and its actual response."""

    situation: str
    call: str
    expected: str
    got: str

    @property
    def as_documented(self) -> bool:
        return self.expected == self.got


def results(organization: Organization, stranger: Organization) -> list[SituationResult]:
    """Make every call.

    The objects in the printed paths stay, so that each path gives the same response afterwards.
    """
    documents = specimens.of(organization)
    series: list[Callable[[], Iterator[SituationResult]]] = [
        lambda: _credentials(organization),
        _access,
        lambda: _query(organization),
        lambda: _resource(organization, stranger),
        lambda: _documents(organization, documents),
        lambda: _changes(organization, stranger),
    ]
    return [outcome for calls in series for outcome in _tried(organization, calls)]


def _tried(organization: Organization, calls: Callable[[], Iterator[SituationResult]]) -> list[SituationResult]:
    """Make some calls in a transaction that is rolled back, so that no key, switch or grant changes."""
    with transaction.atomic():
        organization.set_access(CHANGE, allowlisted=True, enable=Route.grantable())
        found = [*calls()]
        transaction.set_rollback(True)
    return found


def _key(organization: Organization | None, **values: Any) -> tuple[ApiKey, str]:
    values = {"scopes": Scope, "expires_at": lifetimes.default_end()} | values
    key, token = ApiKey.issue(CHANGE, organization=organization, label="Situation", **values)
    return key, token.text


def _credentials(organization: Organization) -> Iterator[SituationResult]:
    key, token = _key(organization)
    yield _call("no Authorization header", "401 missing_bearer")
    ApiKeySwitch.turn(False, CHANGE)
    yield _call("API keys switched off", "401 api_keys_disabled", token)
    ApiKeySwitch.turn(True, CHANGE)
    yield _test_key(organization)
    yield _call("an incomplete key", "401 malformed_token", token[:-1])
    yield _call("a key whose digest key is not loaded", "503 digest_key_unavailable", _unverifiable(organization))
    yield _call("an unknown key", "401 invalid_key", tokens.mint(is_test=False).text)
    key.disable(CHANGE)
    yield _call("a disabled key", "401 disabled_key", token)
    key.enable(CHANGE)
    key.revoke(CHANGE)
    yield _call("a revoked key", "401 revoked_key", token)
    expired, token = _key(organization)
    yesterday = timezone.now() - timedelta(days=1)
    ApiKey.objects.filter(pk=expired.pk).update(created_at=yesterday - timedelta(days=1), expires_at=yesterday)
    yield _call("an expired key", "401 expired_key", token)


def _test_key(organization: Organization) -> SituationResult:
    situation = "a test key on this deployment"
    if settings.ACCEPT_TEST_KEYS:
        return _call(situation, "200", _key(organization, is_test=True)[1])
    return _call(situation, "401 test_prefix_not_allowed", tokens.mint(is_test=True).text)


def _unverifiable(organization: Organization) -> str:
    token = tokens.mint(is_test=False)
    ApiKey.objects.create(
        organization=organization,
        label="Situation",
        public_part=token.public_part,
        digest=bytes(32),
        digest_key_number=32767,
    )
    return token.text


def _access() -> Iterator[SituationResult]:
    yield _from_elsewhere()
    yield _call("a key without an organization", "403 org_scope_only_required", _key(None)[1])
    newcomer = Organization.create("Situation", CHANGE)
    token = _key(newcomer)[1]
    yield _call("an organization not allowlisted", "403 organization_not_allowlisted", token)
    newcomer.set_access(CHANGE, allowlisted=True)
    yield _call("a route not enabled", "403 route_not_allowed", token)
    yield _call("a look at the key itself", "200", token, path=KEY)


def _from_elsewhere() -> SituationResult:
    key, token = _key(None)
    key.set_networks(NetworkMode.ENFORCE, AllowedNetwork.listed([("203.0.113.0/24", "Main office")]), CHANGE)
    return _call("a call from a network that isn't allowed", "403 source_not_allowed", token)


def _query(organization: Organization) -> Iterator[SituationResult]:
    yield _call("a missing scope", "403 missing_scope", _key(organization, scopes=[Scope.ENCOUNTERS_READ])[1])
    yield _limited(organization)
    token = _key(organization)[1]
    yield _call("POST", "405 method_not_allowed", token, method="POST")
    yield _call("an unknown parameter", "400 unsupported_filter", token, query="cursor=1")
    yield _call("limit out of range", "422 invalid_limit", token, query="limit=101")
    yield _call("offset with a sign", "422 invalid_offset", token, query="offset=%2B5")
    yield _call("an unknown order", "422 invalid_sort", token, query="sort_order=up")
    yield _call("a time without a zone", "422 invalid_query", token, query="start_at=2026-05-25T14:00:00")
    yield _call("a page", "200", token, query="limit=5&offset=10&sort_order=asc")
    yield _call("a window", "200", token, query="start_at=2026-01-01T00:00:00Z&end_at=2026-02-01T00:00:00Z")


def _limited(organization: Organization) -> SituationResult:
    key, token = _key(organization)
    key.set_limit(CHANGE, 1)
    LimitUse.objects.create(subject=key.public_id, minute=timezone.now() + timedelta(minutes=1), calls=1)
    return _call("a call beyond the limit of its key", "429 rate_limited", token)


def _resource(organization: Organization, stranger: Organization) -> Iterator[SituationResult]:
    token = _key(organization)[1]
    mine = Encounter.objects.for_organization(organization)
    theirs = Encounter.objects.for_organization(stranger).first()
    yield _call("one encounter", "200", token, path=f"{LIST}/{mine.served().first()}")
    yield _call("an unknown encounter", "404 encounter_not_found", token, path=f"{LIST}/{UNKNOWN}")
    yield _call("another partner's encounter", "403 cross_organization_denied", token, path=f"{LIST}/{theirs}")
    training = mine.filter(record_class="training").first()
    yield _call("a training encounter", "403 demo_training_denied", token, path=f"{LIST}/{training}")
    yield _call("an unknown path", "404 route_not_found", token, path=f"{LIST}/")
    yield _call("a Host that is not allowed", "400 bad_request", token, host="elsewhere.example")


def _documents(organization: Organization, documents: Specimens) -> Iterator[SituationResult]:
    token = _key(organization)[1]
    note, scan, final, draft = documents

    def call(situation: str, expected: str, document: object, last: str = "") -> SituationResult:
        return _call(situation, expected, token, path=f"{LIST}/{note.encounter}/documents/{document}{last}")

    yield call("a note", "200", note)
    yield call("an ambient transcript", "200", final)
    yield call("its transcript", "200", final, "/transcript")
    yield call("a link to its recording", "200", final, "/audio")
    yield call("an unknown document", "404 document_not_found", UNKNOWN_DOCUMENT)
    yield call("a document of another type", "400 unsupported_document_type", scan)
    yield call("the transcript of a note", "400 unsupported_document_type", note, "/transcript")
    yield call("a transcript that is not final", "404 transcript_not_found", draft, "/transcript")
    yield call("a missing recording", "404 audio_not_found", draft, "/audio")


def _changes(organization: Organization, stranger: Organization) -> Iterator[SituationResult]:
    token = _key(organization)[1]

    def call(situation: str, expected: str, query: str = "") -> SituationResult:
        return _call(situation, expected, token, path=CHANGES, query=query)

    yield call("what changed", "200")
    cursor = changes.page(organization.pk, limit=1, cursor=None).next_cursor
    yield call("the changes after a cursor", "200", f"limit=10&cursor={cursor}")
    yield call("more changes than a page may have", "422 invalid_limit", "limit=1001")
    yield call("a cursor that was cut off", "422 invalid_query", f"cursor={str(cursor)[:-1]}")
    yield call("another partner's cursor", "422 invalid_query", f"cursor={Cursor(0, stranger.pk, 1, 0)}")
    yield call("a cursor that has expired", "410 cursor_expired", f"cursor={Cursor(-1, organization.pk, 1, 0)}")


def _call(
    situation: str,
    expected: str,
    token: str | None = None,
    *,
    method: str = "GET",
    path: str = LIST,
    query: str = "",
    host: str = "127.0.0.1",
) -> SituationResult:
    target = f"{path}?{query}" if query else path
    headers = {"Host": host} | ({} if token is None else {"Authorization": f"Bearer {token}"})
    answer = Client(raise_request_exception=False).generic(method, target, headers=headers)
    code = "" if answer.status_code == 200 else " " + answer.json()["reason_code"]
    return SituationResult(situation, f"{method} {target}", expected, f"{answer.status_code}{code}")
