"""The ledger is divided and made one table again, with all that it holds and all that protects it."""

import pytest
from django.core.management import call_command
from django.db import connection

from partners.models import RequestRecord, privileges
from partners.partitions import converting, making, present
from partners.partitions.months import following, month_of
from partners.partitions.present import FIRST, LEDGER, partitions
from partners.triggers import comparing
from tests.factories import RequestRecordFactory
from tests.partners.support.aged import DAY
from tests.partners.support.months import divide, execute

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.postgresql,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one table"),
]


def shape() -> list[str]:
    """Return the columns, indexes, constraints and options of the ledger as one table."""
    found = []
    for query in (
        "SELECT attname || ' ' || atttypid::regtype || attnotnull::text || attidentity::text FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0",
        "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = %s::regclass",
        "SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass",
        "SELECT relkind::text || coalesce(reloptions::text, '') FROM pg_class WHERE oid = %s::regclass",
    ):
        with connection.cursor() as cursor:
            cursor.execute(query, [LEDGER])
            found.append(sorted(row[0] for row in cursor.fetchall()))
    return found


def rows() -> list[tuple]:
    return list(RequestRecord.objects.order_by("pk").values_list())


def test_back_and_forth_nothing_is_lost_and_numbers_go_on(key):
    now = present.now(connection)
    for days in (-3000, -1, 0, 40, 400):
        RequestRecordFactory(api_key=key, occurred_at=now + days * DAY)
    before = rows()
    converting.unite(connection)
    one_table = shape()
    assert rows() == before
    assert (partitions(connection), comparing.faults(connection)) == ([], [])
    later = RequestRecordFactory(api_key=key, occurred_at=now)
    assert later.pk == before[-1][0] + 1
    off, on = (f"ALTER TABLE {LEDGER} {each} TRIGGER USER" for each in ("DISABLE", "ENABLE"))
    execute(off, f"DELETE FROM {LEDGER} WHERE occurred_at > now() + interval '7 days'", on)
    before = rows()
    converting.divide(connection)
    making.ahead(connection)
    assert rows() == before
    assert comparing.faults(connection) == []
    assert RequestRecordFactory(api_key=key, occurred_at=now).pk == later.pk + 1
    assert next(each.start for each in partitions(connection)) is None
    converting.unite(connection)
    assert shape() == one_table
    converting.divide(connection)
    assert partitions(connection)[0].name == FIRST


def test_it_becomes_one_table_without_its_first_partition_too(key):
    now = present.now(connection)
    converting.unite(connection)
    one_table = shape()
    converting.divide(connection)
    making.ahead(connection)
    divide(now - 70 * DAY, now)
    row = RequestRecordFactory(api_key=key, occurred_at=now - 60 * DAY)
    converting.unite(connection)
    assert RequestRecord.objects.get() == row
    assert shape() == one_table


def test_what_is_divided_is_not_divided_again():
    before = partitions(connection)
    converting.divide(connection)
    assert partitions(connection) == before


def test_what_is_one_table_is_not_made_one_again(key):
    converting.unite(connection)
    RequestRecordFactory(api_key=key)
    before = shape(), rows()
    converting.unite(connection)
    assert (shape(), rows()) == before


def test_the_first_partition_ends_after_the_newest_row(key):
    converting.unite(connection)
    row = RequestRecordFactory(api_key=key, occurred_at=present.now(connection) + 70 * DAY)
    converting.divide(connection)
    assert partitions(connection)[0].end == following(month_of(row.occurred_at))


def test_numbers_go_on_where_their_sequence_was_set(key):
    converting.unite(connection)
    execute(f"SELECT setval(pg_get_serial_sequence('{LEDGER}', 'id'), 70000, false)")
    converting.divide(connection)
    making.ahead(connection)
    assert RequestRecordFactory(api_key=key).pk == 70000


def test_default_privileges_and_those_of_columns_open_no_more_than_before(become_web, web_role):
    become_web()
    execute("RESET SESSION AUTHORIZATION")
    converting.unite(connection)
    execute(
        f"GRANT SELECT (id) ON {LEDGER} TO PUBLIC",
        f"ALTER DEFAULT PRIVILEGES GRANT UPDATE, DELETE ON TABLES TO {web_role}",
    )
    converting.divide(connection)
    execute(f"ALTER DEFAULT PRIVILEGES REVOKE UPDATE, DELETE ON TABLES FROM {web_role}")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege(%s, %s, 'UPDATE, DELETE'), has_any_column_privilege(%s, %s, 'SELECT')",
            [web_role, LEDGER, web_role, FIRST],
        )
        assert cursor.fetchone() == (False, False)


def test_no_row_is_rewritten_and_no_index_but_the_key_is_built(key):
    converting.unite(connection)
    RequestRecordFactory(api_key=key)
    before = files(LEDGER)
    converting.divide(connection)
    after = files(FIRST)
    assert len(after - before) == 1
    assert len(before - after) == 1


def files(table: str) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relfilenode FROM pg_class WHERE oid = %s::regclass"
            " OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = %s::regclass)",
            [table, table],
        )
        return {row[0] for row in cursor.fetchall()}


def test_the_web_role_keeps_what_it_has(become_web, web_role):
    converting.unite(connection)
    become_web()
    assert privileges.differing(connection) == ([], [])
    execute("RESET SESSION AUTHORIZATION")
    converting.divide(connection)
    making.ahead(connection)
    execute(f"SET SESSION AUTHORIZATION {web_role}")
    assert privileges.differing(connection) == ([], [])
    execute("RESET SESSION AUTHORIZATION")
    converting.unite(connection)
    execute(f"SET SESSION AUTHORIZATION {web_role}")
    assert privileges.differing(connection) == ([], [])


def test_a_statement_of_the_release_before_goes_on(key):
    """It was prepared for the one table, and gives the time of its process."""
    converting.unite(connection)
    RequestRecordFactory(api_key=key)
    names = [field.column for field in RequestRecord._meta.concrete_fields if not field.primary_key]
    chosen = ", ".join({"request_id": "$1", "occurred_at": "now()"}.get(name, name) for name in names)
    execute(
        f"PREPARE before (text) AS INSERT INTO {LEDGER} ({', '.join(names)}) SELECT {chosen} FROM {LEDGER} LIMIT 1",
        "EXECUTE before ('req_1')",
    )
    converting.divide(connection)
    execute("EXECUTE before ('req_2')", "DEALLOCATE before")
    assert RequestRecord.objects.filter(request_id__in=["req_1", "req_2"]).count() == 2


def test_a_run_that_fails_leaves_a_table_that_takes_every_row_and_can_be_repeated(key, monkeypatch):
    converting.unite(connection)
    monkeypatch.setattr(converting, "_exchange", lambda *given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        converting.divide(connection)
    monkeypatch.undo()
    late = RequestRecordFactory(api_key=key, occurred_at=present.now(connection) + 400 * DAY)
    execute(f"ALTER TABLE {LEDGER} DISABLE TRIGGER USER")
    late.delete()
    execute(f"ALTER TABLE {LEDGER} ENABLE TRIGGER USER")
    built = files(LEDGER)
    converting.divide(connection)
    assert files(FIRST) <= built


@pytest.mark.usefixtures("committed")
def test_the_migration_goes_back_and_forth():
    call_command("migrate", "partners", "0034", verbosity=0)
    assert partitions(connection) == []
    call_command("migrate", verbosity=0)
    assert (present.faults(connection), comparing.faults(connection)) == ([], [])
