"""Whatever decides what happens to a row is compared, and named if it is not as it must be."""

import pytest
from django.db import connection

from partners.models import triggers
from partners.triggers import comparing, installing
from partners.triggers.comparing import Fault
from partners.triggers.definitions import Definition, TriggerSet, registered

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql, pytest.mark.clock_of_database]
POSTGRESQL = connection.vendor == "postgresql"
IS_FINAL, RECORD = "request_record_is_final", "partners_requestrecord"
PART, IS_KEPT = f"{RECORD}_net", "request_record_is_kept"
OF_RECORD = f"trigger {IS_FINAL} on {RECORD}"
PASS = "RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$"
REFUSE = "EXECUTE FUNCTION chartero_refuse('a record of a request cannot be altered')"

ON_SQLITE = [
    ([f"DROP TRIGGER {IS_FINAL}"], f"{OF_RECORD}: missing"),
    (
        [f"DROP TRIGGER {IS_FINAL}", f"CREATE TRIGGER {IS_FINAL} BEFORE UPDATE ON {RECORD} BEGIN SELECT 1; END"],
        f"{OF_RECORD}: altered",
    ),
    (
        ["CREATE TRIGGER swallow BEFORE INSERT ON partners_changeevent BEGIN SELECT RAISE(IGNORE); END"],
        "trigger swallow on partners_changeevent: unknown",
    ),
    (
        ["CREATE TRIGGER swallow BEFORE INSERT ON PARTNERS_CHANGEEVENT BEGIN SELECT RAISE(IGNORE); END"],
        "trigger swallow on partners_changeevent: unknown",
    ),
]
ON_POSTGRESQL = [
    ([f"DROP TRIGGER {IS_FINAL} ON {RECORD}"], f"{OF_RECORD}: missing"),
    ([f"ALTER TABLE {RECORD} DISABLE TRIGGER {IS_FINAL}"], f"{OF_RECORD}: disabled"),
    ([f"ALTER TABLE {RECORD} ENABLE REPLICA TRIGGER {IS_FINAL}"], f"{OF_RECORD}: disabled"),
    (
        [f"CREATE OR REPLACE TRIGGER {IS_FINAL} BEFORE UPDATE ON {RECORD} FOR EACH ROW WHEN (OLD.status = 1) {REFUSE}"],
        f"{OF_RECORD}: altered",
    ),
    ([f"CREATE OR REPLACE FUNCTION chartero_refuse() {PASS}"], f"{OF_RECORD}: altered"),
    (["ALTER FUNCTION chartero_refuse() SET search_path = pg_temp"], f"{OF_RECORD}: altered"),
    (["ALTER FUNCTION chartero_refuse() SECURITY DEFINER"], f"{OF_RECORD}: altered"),
    (
        [f"CREATE OR REPLACE FUNCTION request_record_is_kept() {PASS}"],
        f"trigger request_record_is_kept on {RECORD}: altered",
    ),
    (
        ["ALTER FUNCTION encounter_count_insert() SET search_path = pg_temp"],
        "trigger encounter_count_insert on encounters_encounter: altered",
    ),
    (["ALTER FUNCTION encounter_count_slot() RENAME TO another"], "function encounter_count_slot: missing"),
    (["ALTER FUNCTION encounter_count_slot() SECURITY DEFINER"], "function encounter_count_slot: altered"),
    (
        [
            f"CREATE FUNCTION swallow() {PASS}",
            f"CREATE TRIGGER swallow BEFORE INSERT ON {RECORD} FOR EACH ROW EXECUTE FUNCTION swallow()",
        ],
        f"trigger swallow on {RECORD}: unknown",
    ),
    (
        [
            f"CREATE FUNCTION swallow() {PASS}",
            f"CREATE TRIGGER {IS_FINAL} BEFORE INSERT ON partners_changeevent FOR EACH ROW EXECUTE FUNCTION swallow()",
        ],
        f"trigger {IS_FINAL} on partners_changeevent: unknown",
    ),
    ([f"CREATE RULE swallow AS ON INSERT TO {RECORD} DO INSTEAD NOTHING"], f"rule swallow on {RECORD}: on"),
    ([f"ALTER TABLE {RECORD} ENABLE ROW LEVEL SECURITY"], f"row security on {RECORD}: on"),
    (["SET LOCAL session_replication_role = replica"], "session_replication_role: replica"),
    ([f"ALTER TABLE {PART} DISABLE TRIGGER {IS_FINAL}"], f"trigger {IS_FINAL} on {PART}: disabled"),
    ([f"DROP TRIGGER {IS_KEPT}_whole ON {PART}"], f"trigger {IS_KEPT}_whole on {PART}: missing"),
    ([f"DROP TRIGGER {IS_KEPT}_whole ON {RECORD}"], f"trigger {IS_KEPT}_whole on {RECORD}: missing"),
    (
        [
            f"CREATE FUNCTION swallow() {PASS}",
            f"CREATE TRIGGER swallow BEFORE INSERT ON {PART} FOR EACH ROW EXECUTE FUNCTION swallow()",
        ],
        f"trigger swallow on {PART}: unknown",
    ),
    ([f"CREATE RULE swallow AS ON DELETE TO {PART} DO INSTEAD NOTHING"], f"rule swallow on {PART}: on"),
    ([f"ALTER TABLE {PART} ENABLE ROW LEVEL SECURITY"], f"row security on {PART}: on"),
]


def execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def named() -> list[str]:
    return [str(fault) for fault in comparing.faults(connection)]


def test_a_migrated_database_is_as_it_must_be():
    assert named() == []


@pytest.mark.parametrize(("statements", "fault"), ON_POSTGRESQL if POSTGRESQL else ON_SQLITE)
def test_what_was_tampered_with_is_named(statements, fault):
    execute(*statements)
    assert fault in named()
    assert len(named()) == 1 or "chartero_refuse()" in statements[0]


@pytest.mark.skipif(POSTGRESQL, reason="of SQLite")
def test_sqlite_needs_recursive_triggers():
    execute("PRAGMA recursive_triggers = OFF")
    try:
        assert comparing.faults(connection) == [Fault("recursive_triggers", "off")]
    finally:
        execute("PRAGMA recursive_triggers = ON")


@pytest.mark.skipif(not POSTGRESQL, reason="of PostgreSQL")
def test_a_trigger_that_fires_in_replication_too_is_good():
    execute(f"ALTER TABLE {RECORD} ENABLE ALWAYS TRIGGER {IS_FINAL}")
    assert named() == []


@pytest.mark.skipif(not POSTGRESQL, reason="of PostgreSQL")
@pytest.mark.parametrize("table", [RECORD, PART])
@pytest.mark.parametrize("trigger", [IS_FINAL, f"{IS_KEPT}_whole"])
def test_what_is_off_on_a_partition_comes_back(table, trigger):
    execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
    assert named() == [f"trigger {trigger} on {table}: disabled"]
    installing.ensure(connection, triggers.SET)
    assert named() == []


def test_a_table_that_is_not_there_yet_needs_no_trigger():
    absent = Definition("absent", "not_there_yet", "CREATE TRIGGER absent …")
    assert comparing.in_place(connection, TriggerSet(sqlite=(absent,), postgresql=(absent,)))


@pytest.mark.parametrize("number", range(len(registered())))
def test_what_is_removed_is_missing_and_comes_back(number):
    triggers = registered()[number]
    installing.remove(connection, triggers)
    gone = comparing.faults(connection)
    assert {fault.state for fault in gone} == {"missing"}
    assert {each.name for each in triggers.on(connection)} <= {fault.what.split()[1] for fault in gone}
    installing.ensure(connection, triggers)
    assert named() == []
