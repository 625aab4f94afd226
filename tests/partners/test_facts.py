"""The facts of a call: how much is read for which credentials, and that nothing is told by time."""

import hmac

import pytest
from django.db import connection

from partners import facts, tokens
from partners.models import ApiKeySwitch
from partners.routes import Route
from tests.factories import issue

pytestmark = pytest.mark.django_db


def read(token):
    return facts.of_call(f"Bearer {token}", Route.ENCOUNTERS_LIST)


def test_a_good_key_is_known_whole(organization):
    key, token = issue(organization)
    call = read(token)
    assert (call.key_id, call.organization_pk, call.organization_id) == (
        key.public_id,
        organization.pk,
        organization.public_id,
    )
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


def test_the_facts_are_found_by_indexes_alone(organization):
    prefix = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"{prefix} {facts._facts_sql(None)}", [None, "0" * 12, "encounters.list"])
        plan = " ".join(str(row) for row in cursor.fetchall())
    for table in ("partners_apikey ", "partners_organization", "partners_routegrant", "partners_apikey_scopes"):
        assert f"SCAN {table}" not in plan
        assert f"Seq Scan on {table}" not in plan
