"""Raw SQL against the database at hand: what the models do not allow, it does not either."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from partners import triggers
from partners.models import ApiKey
from tests.factories import CHANGE, OrganizationFactory, issue

pytestmark = pytest.mark.django_db
LATER = "2099-01-01 00:00:00+00:00"


@pytest.fixture
def key(organization) -> ApiKey:
    return issue(organization)[0]


def execute(statement: str, *values: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def refuse(statement: str, *values: object) -> str:
    """Return why the database refuses the statement."""
    with pytest.raises(IntegrityError) as refusal:
        execute(statement, *values)
    return str(refusal.value)


@pytest.mark.parametrize(
    ("column", "value"),
    [("reason", "another"), ("by", "another"), ("occurred_at", LATER), ("api_key_id", None), ("reason", "a test")],
)
def test_a_recorded_change_is_not_altered(key, column, value):
    event = key.events.get()
    assert "a recorded change cannot be altered" in refuse(
        f"UPDATE partners_changeevent SET {column} = %s WHERE id = %s", value, event.pk
    )
    assert key.events.get().reason == "a test"


def test_a_recorded_change_is_not_deleted(key):
    assert "a recorded change cannot be deleted" in refuse("DELETE FROM partners_changeevent")
    with pytest.raises(IntegrityError), transaction.atomic():
        key.events.all().delete()
    assert key.events.exists()


def test_a_recorded_change_is_not_replaced(key):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has no REPLACE")
    columns = "id, occurred_at, action, organization_id, api_key_id, by, source, reason, ticket, before, after"
    forged = columns.replace("reason", "'forged'")
    statement = f"REPLACE INTO partners_changeevent ({columns}) SELECT {forged} FROM partners_changeevent"
    assert "a recorded change cannot be deleted" in refuse(statement)


def test_a_table_is_not_emptied_whole(key):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no TRUNCATE")
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert "cannot be deleted" in refuse("TRUNCATE partners_changeevent")
    assert "cannot be deleted" in refuse("TRUNCATE partners_apikey CASCADE")


def test_a_key_is_not_deleted(key):
    ApiKey.scopes.through.objects.all().delete()
    assert "an API key cannot be deleted" in refuse("DELETE FROM partners_apikey WHERE id = %s", key.pk)


def test_a_key_is_not_deleted_by_django_either(key):
    with pytest.raises(ProtectedError), transaction.atomic():
        key.delete()
    assert key.scopes.exists()


@pytest.mark.parametrize("value", [None, LATER, "2001-01-01 00:00:00+00:00"])
def test_a_revocation_is_final(key, value):
    key.revoke(CHANGE)
    revoked_at = key.revoked_at
    assert "a revocation is final" in refuse("UPDATE partners_apikey SET revoked_at = %s WHERE id = %s", value, key.pk)
    assert ApiKey.objects.get(pk=key.pk).revoked_at == revoked_at


def test_the_rest_of_a_revoked_key_may_change(key):
    key.revoke(CHANGE)
    execute("UPDATE partners_apikey SET label = %s, revoked_at = revoked_at WHERE id = %s", "another", key.pk)
    assert ApiKey.objects.get(pk=key.pk).label == "another"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("id", 4711),
        ("public_id", "key_" + "0" * 22),
        ("public_part", "0" * 12),
        ("is_test", True),
        ("digest", b"\x00" * 32),
        ("digest_key_number", 1),
        ("organization_id", None),
    ],
)
def test_what_identifies_a_key_never_changes(key, column, value):
    assert "what identifies an API key never changes" in refuse(
        f"UPDATE partners_apikey SET {column} = %s WHERE id = %s", value, key.pk
    )


def test_a_key_is_not_moved_to_another_organization(key):
    other = OrganizationFactory()
    assert "never changes" in refuse("UPDATE partners_apikey SET organization_id = %s", other.pk)


def test_a_key_without_an_organization_is_not_given_one(organization):
    issue(None)
    assert "never changes" in refuse("UPDATE partners_apikey SET organization_id = %s", organization.pk)


@pytest.mark.parametrize("column", ["disabled_at", "expires_at", "rotated_at", "revoked_at"])
def test_the_state_of_a_key_may_change(key, column):
    execute(f"UPDATE partners_apikey SET {column} = %s WHERE id = %s", LATER, key.pk)
    assert getattr(ApiKey.objects.get(pk=key.pk), column).year == 2099


@pytest.mark.parametrize(
    "change",
    [
        "label = ''",
        "label = NULL",
        "expires_at = created_at",
        "expires_at = '2001-01-01 00:00:00+00:00'",
        "replaces_id = id",
        "digest = NULL",
        "public_part = NULL",
        "digest_key_number = -1",
    ],
)
def test_a_key_keeps_to_its_constraints(key, change):
    refuse(f"UPDATE partners_apikey SET {change} WHERE id = {key.pk}")


@pytest.mark.parametrize("column", ["public_id", "public_part", "replaces_id"])
def test_two_keys_share_neither_names_nor_a_predecessor(organization, column):
    first, second = issue(organization)[0], issue(organization)[0]
    successor, _ = first.rotate(CHANGE)
    values = {"public_id": first.public_id, "public_part": first.public_part, "replaces_id": first.pk}
    triggers.remove(connection)
    refuse(f"UPDATE partners_apikey SET {column} = %s WHERE id = %s", values[column], second.pk)
    assert successor.replaces_id == first.pk


def test_the_triggers_are_installed_anew_and_removed():
    triggers.install(connection)
    triggers.install(connection)
    triggers.remove(connection)
    triggers.remove(connection)
    event = issue()[0].events.get()
    execute("UPDATE partners_changeevent SET reason = 'another' WHERE id = %s", event.pk)


def test_a_table_that_is_not_there_yet_is_passed_over(key, monkeypatch):
    triggers.remove(connection)
    monkeypatch.setattr(connection.introspection, "table_names", lambda: ["partners_changeevent"])
    triggers.install(connection)
    execute("UPDATE partners_apikey SET public_part = %s WHERE id = %s", "0" * 12, key.pk)
    refuse("DELETE FROM partners_changeevent")
