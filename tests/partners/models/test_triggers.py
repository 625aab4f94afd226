"""Raw SQL against the database at hand: what the models do not allow, it does not either."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from partners.formats.moments import years_before
from partners.models import ApiKey, ChangeEvent, RequestRecord, triggers
from partners.models.change import Action
from partners.triggers import installing
from tests.factories import CHANGE, OrganizationFactory, RequestRecordFactory, issue
from tests.partners.support import aged

pytestmark = pytest.mark.django_db
LATER = "2099-01-01 00:00:00+00:00"
KEPT_TABLES = pytest.mark.parametrize("table", ["partners_changeevent", "partners_requestrecord"])


def execute(statement: str, *values: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def refuse(statement: str, *values: object) -> str:
    """Return why the database refuses the statement."""
    with pytest.raises(IntegrityError) as refusal:
        execute(statement, *values)
    return str(refusal.value)


@pytest.fixture
def event(key) -> ChangeEvent:
    return key.events.get()


@pytest.fixture
def record(key) -> RequestRecord:
    return RequestRecordFactory(api_key=key, encounters=[1], patients=[2])


@pytest.mark.parametrize(
    ("column", "value"),
    [("reason", "another"), ("by", "another"), ("occurred_at", LATER), ("api_key_id", None), ("reason", "a test")],
)
def test_a_recorded_change_is_not_altered(event, column, value):
    assert "a recorded change cannot be altered" in refuse(
        f"UPDATE partners_changeevent SET {column} = %s WHERE id = %s", value, event.pk
    )
    event.refresh_from_db()
    assert event.reason == "a test"


@pytest.mark.parametrize("column", [field.column for field in RequestRecord._meta.concrete_fields])
def test_a_recorded_request_is_not_altered(record, column):
    statement = f"UPDATE partners_requestrecord SET {column} = {column} WHERE id = %s"
    assert "a record of a request cannot be altered" in refuse(statement, record.pk)


def test_a_recorded_request_is_not_altered_by_django_either(record):
    altered = "a record of a request cannot be altered"
    with pytest.raises(IntegrityError, match=altered), transaction.atomic():
        record.save()
    with pytest.raises(IntegrityError, match=altered), transaction.atomic():
        RequestRecord.objects.update(occurred_at=LATER)


def test_a_count_of_answers_is_not_altered():
    row = aged.count(timezone.now())
    statement = "UPDATE partners_unkeyedcount SET count = 1 WHERE id = %s"
    assert "a count of answers cannot be altered" in refuse(statement, row.pk)


@KEPT_TABLES
def test_what_is_recorded_is_not_deleted(event, record, table):
    assert "a record is kept for six years" in refuse(f"DELETE FROM {table}")
    with pytest.raises(IntegrityError, match="a record is kept for six years"), transaction.atomic():
        {event._meta.db_table: event, record._meta.db_table: record}[table].delete()


@KEPT_TABLES
def test_what_is_recorded_is_not_replaced(event, record, table):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has no REPLACE")
    assert "a record is kept for six years" in refuse(f"REPLACE INTO {table} SELECT * FROM {table}")


def test_a_recorded_request_is_not_replaced_under_its_request_id(record):
    names = [field.column for field in RequestRecord._meta.concrete_fields]
    assert "unique" in refuse(copied(names[1:])).lower()
    columns, where = (names, "id, occurred_at") if connection.vendor == "postgresql" else (names[1:], "request_id")
    on_conflict = f"ON CONFLICT ({where}) DO UPDATE SET patients = excluded.patients"
    assert "a record of a request cannot be altered" in refuse(f"{copied(columns)} {on_conflict}")


def copied(names: list[str]) -> str:
    """Return the statement that adds each request again, with these columns."""
    columns = ", ".join(names)
    return f"INSERT INTO partners_requestrecord ({columns}) SELECT {columns} FROM partners_requestrecord WHERE 1 = 1"


@KEPT_TABLES
def test_what_is_recorded_may_go_after_six_years_and_not_earlier(key, table):
    model = {"partners_changeevent": ChangeEvent, "partners_requestrecord": RequestRecord}[table]
    young, old = (recorded(model, key, timezone.now() - timedelta(days=6 * 365 + more)) for more in (0, 3))
    refuse(f"DELETE FROM {table} WHERE id IN (%s, %s)", old.pk, young.pk)
    execute(f"DELETE FROM {table} WHERE id = %s", old.pk)
    refuse(f"DELETE FROM {table} WHERE id = %s", young.pk)


AROUND_A_LEAP_DAY = ("02-28T23:59:59", "02-29T00:00:00", "02-29T23:59:59", "03-01T00:00:00")


@pytest.mark.parametrize(
    "moment", [f"2028-{each}" for each in AROUND_A_LEAP_DAY] + ["2030-02-28T12:00:00", "2030-03-01T12:00:00"]
)
def test_six_years_ago_is_the_same_hour_of_the_day_that_retention_counts_back_to(moment):
    now = datetime.fromisoformat(f"{moment}+00:00")
    assert six_years_before(moment) == datetime.combine(years_before(now, 6), now.timetz())


def six_years_before(moment: str) -> datetime:
    """Return what the triggers' words mean to the database at hand, had it that moment on its clock."""
    clock, stopped = {"sqlite": ("'now'", f"'{moment}'"), "postgresql": ("now()", f"timestamptz '{moment}Z'")}[
        connection.vendor
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {triggers.SIX_YEARS_AGO[connection.vendor].replace(clock, stopped)}")
        return datetime.fromisoformat(str(cursor.fetchone()[0])).replace(tzinfo=UTC)


def recorded(model, key, occurred_at):
    """Make a row of that age."""
    if model is RequestRecord:
        return RequestRecordFactory(api_key=key, occurred_at=occurred_at)
    values = {"organization": key.organization, "api_key": key, "by": "tester", "source": "tests"}
    return ChangeEvent.objects.create(occurred_at=occurred_at, action=Action.KEY_ISSUED, **values)


@pytest.mark.postgresql
@KEPT_TABLES
def test_a_table_is_not_emptied_whole(event, record, table):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no TRUNCATE")
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert "a record is kept for six years" in refuse(f"TRUNCATE {table}")


@pytest.mark.postgresql
def test_the_table_of_keys_is_not_emptied_with_all_that_hangs_on_it(key):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no TRUNCATE")
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert "an API key cannot be deleted" in refuse("TRUNCATE partners_apikey CASCADE")


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


@pytest.mark.parametrize("column", ["disabled_at", "expires_at", "rotated_at", "revoked_at", "last_used_at"])
def test_the_state_of_a_key_may_change(key, column):
    execute(f"UPDATE partners_apikey SET {column} = %s WHERE id = %s", LATER, key.pk)
    assert getattr(ApiKey.objects.get(pk=key.pk), column).year == 2099


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("label = ''", "check.*api_key_has_a_label"),
        ("label = NULL", "null.*label"),
        ("expires_at = created_at", "check.*api_key_expires_after_creation"),
        ("expires_at = '2001-01-01 00:00:00+00:00'", "check.*api_key_expires_after_creation"),
        ("replaces_id = id", "check.*api_key_replaces_another"),
        ("digest = NULL", "null.*digest"),
        ("public_part = NULL", "null.*public_part"),
        ("digest_key_number = -1", "check.*digest_key_number"),
    ],
)
def test_a_key_keeps_to_its_constraints(key, change, why):
    installing.remove(connection, triggers.SET)
    assert re.search(why, refuse(f"UPDATE partners_apikey SET {change} WHERE id = {key.pk}"), re.IGNORECASE)


@pytest.mark.parametrize("column", ["public_id", "public_part", "replaces_id"])
def test_two_keys_share_neither_names_nor_a_predecessor(organization, column):
    first, second = issue(organization)[0], issue(organization)[0]
    successor, _ = first.rotate(CHANGE)
    values = {"public_id": first.public_id, "public_part": first.public_part, "replaces_id": first.pk}
    installing.remove(connection, triggers.SET)
    refused = refuse(f"UPDATE partners_apikey SET {column} = %s WHERE id = %s", values[column], second.pk)
    assert re.search(f"unique.*{column}", refused, re.IGNORECASE)
    assert successor.replaces_id == first.pk


def test_without_the_triggers_a_recorded_change_can_be_altered():
    event = issue()[0].events.get()
    installing.remove(connection, triggers.SET)
    execute("UPDATE partners_changeevent SET reason = 'another' WHERE id = %s", event.pk)


def test_a_table_that_is_not_there_yet_is_passed_over(key, monkeypatch):
    installing.remove(connection, triggers.SET)
    monkeypatch.setattr(connection.introspection, "table_names", lambda: ["partners_changeevent"])
    installing.create(connection, triggers.SET)
    execute("UPDATE partners_apikey SET public_part = %s WHERE id = %s", "0" * 12, key.pk)
    assert "a record is kept for six years" in refuse("DELETE FROM partners_changeevent")
