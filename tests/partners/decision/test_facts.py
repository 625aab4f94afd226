"""The facts of a call: how much is read for which credentials, and that nothing is told by time."""

import hmac
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from partners.catalogue.routes import Route
from partners.decision import facts
from partners.keys import tokens
from partners.models import ApiKey, ApiKeySwitch, KeyNetwork, KeyUse
from tests.factories import issue

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 25, 14, 3, 30, tzinfo=UTC)
MINUTE, EARLIER = NOW.replace(second=0), NOW.replace(minute=2, second=59)


def read(token):
    return facts.of_call(f"Bearer {token}", Route.ENCOUNTERS_LIST, "127.0.0.1")


def test_a_good_key_is_known_whole(organization):
    key, token = issue(organization)
    call = read(token)
    assert (call.key_pk, call.key_id) == (key.pk, key.public_id)
    assert (call.organization_pk, call.organization_id) == (organization.pk, organization.public_id)
    assert call.scopes == {"encounters:read", "patients:read", "documents:read", "recordings:read"}


def test_of_a_key_without_scopes_or_organization_the_rest_is_known(db):
    key, token = issue(None, scopes=[])
    call = read(token)
    assert (call.key_id, call.scopes, call.organization_id, call.allowlisted) == (
        key.public_id,
        frozenset(),
        None,
        None,
    )


@pytest.mark.parametrize(("moment", "expired"), [(NOW, True), (NOW - timedelta(microseconds=1), False)])
def test_a_key_has_expired_from_its_end_on(monkeypatch, organization, moment, expired):
    key, token = issue(organization)
    ApiKey.objects.filter(pk=key.pk).update(created_at=NOW - timedelta(days=1), expires_at=NOW)
    monkeypatch.setattr(timezone, "now", lambda: moment)
    assert read(token).expired is expired


def test_a_digest_is_compared_for_an_unknown_public_part_too(monkeypatch, organization):
    compared, compare = [], hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda one, other: compared.append(len(one)) or compare(one, other))
    assert read(tokens.mint(is_test=False).text).secret_matches is False
    assert read(issue(organization)[1]).secret_matches is True
    assert compared == [32, 32]


def test_of_a_wrong_secret_nothing_further_is_known(organization):
    token = issue(organization)[1]
    body = token[:-7] + ("0" if token[-7] != "0" else "1")
    call = read(body + tokens.checksum(body))
    assert (call.secret_matches, call.key_id, call.organization_id, call.scopes) == (False, None, None, None)
    assert (call.key_pk, call.use_noted, call.network_known) == (None, None, None)


@pytest.mark.parametrize(
    ("route", "used", "noted"),
    [("encounters.list", MINUTE, True), ("encounters.list", EARLIER, False), ("encounters.detail", MINUTE, False)],
)
def test_a_use_is_known_by_route_and_minute(organization, monkeypatch, route, used, noted):
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    key, token = issue(organization)
    KeyUse.objects.create(api_key=key, route=route, first_used_at=used, last_used_at=used)
    assert read(token).use_noted is noted
    assert read(issue(organization)[1]).use_noted is False


@pytest.mark.parametrize(("address", "known"), [("198.51.100.7", True), ("198.51.101.7", False)])
def test_a_network_is_known_by_key(organization, address, known):
    key, token = issue(organization)
    KeyNetwork.objects.create(api_key=key, network="198.51.100.0/24", first_seen_at=NOW)
    assert facts.of_call(f"Bearer {token}", Route.ENCOUNTERS_LIST, address).network_known is known
    stranger = issue(organization)[1]
    assert facts.of_call(f"Bearer {stranger}", Route.ENCOUNTERS_LIST, address).network_known is False


def test_who_holds_a_key_is_judged_without_its_secret(organization):
    key, _ = issue(organization)
    call = facts.of_holder(key.public_part, is_test=False, route=Route.ENCOUNTERS_LIST)
    assert (call.secret_matches, call.key_id) == (True, key.public_id)
    assert facts.of_holder("0" * 12, is_test=False, route=Route.ENCOUNTERS_LIST).secret_matches is False


@pytest.mark.parametrize("token", ["x", tokens.mint(is_test=False).text])
def test_without_the_switch_nothing_is_judged(db, token):
    ApiKeySwitch.objects.all().delete()
    with pytest.raises(facts.SwitchMissing):
        read(token)


@pytest.mark.parametrize("candidates", [None, 2])
def test_the_facts_are_found_by_indexes_alone(db, candidates):
    of_call = [None, "encounters.list", "encounters.list", None, None, "", b"", b""]
    values = [*of_call, *[b""] * (candidates or 0), "0" * 12]
    prefix = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"{prefix} {facts._facts(connection.vendor, candidates).sql}", values)
        plan = [str(row[-1]).lstrip(" ->") for row in cursor.fetchall()]
    assert [step for step in plan if step.startswith(("SCAN", "Seq Scan"))] == []
    assert len([step for step in plan if step.startswith(("SEARCH", "Index", "Bitmap Heap"))]) >= 7


@pytest.mark.parametrize("around", ["\x0b", "\x0c", "\x1c", "\x85", "\xa0", "\r", "\n"])
def test_only_spaces_and_tabs_around_a_header_are_not_part_of_it(around):
    assert facts.bearer_token(" \tBearer  x\t ") == "x"
    assert facts.bearer_token(f"Bearer x{around}") == f"x{around}"
    assert facts.bearer_token(f"{around}Bearer x") is None
