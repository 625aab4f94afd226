"""Months are made ahead, and rows that came before their month was made become its partition, unmoved."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection, connections, transaction

from partners.models import RequestRecord, privileges
from partners.partitions import making, patience, present
from partners.partitions.months import following, month_of
from partners.partitions.present import LEDGER, NET, partitions
from partners.triggers import comparing
from tests.factories import OrganizationFactory, RequestRecordFactory, issue
from tests.partners.support.months import divide, execute, names

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.postgresql,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one table"),
]


def drop_months_ahead() -> list[str]:
    """Drop the partitions of the months that haven't begun, and return their names."""
    now = present.now(connection)
    divide(now, now)
    ahead = [each.name for each in partitions(connection) if each.start is not None and each.start > now]
    for name in ahead:
        execute(f"DROP TABLE {name}")
    return ahead


def test_what_is_there_is_not_made_again():
    before = names()
    assert making.ahead(connection) == []
    assert names() == before


def test_what_another_process_made_meanwhile_is_not_made_again(monkeypatch):
    before, month = names(), month_of(present.now(connection))
    monkeypatch.setattr(making, "lacking", lambda *given: [month])
    assert making.ahead(connection) == []
    assert names() == before


@pytest.mark.parametrize("command", ["migrate", "prune_records"])
def test_what_is_lacking_is_made(command):
    ahead = drop_months_ahead()
    call_command(command, verbosity=0) if command == "migrate" else call_command(command)
    assert [each for each in ahead if each not in [made.name for made in partitions(connection)]] == []
    assert comparing.faults(connection) == []


def test_a_partition_has_what_the_ledger_has():
    """What is altered, deleted or emptied directly is refused as through the ledger."""
    drop_months_ahead()
    name = making.ahead(connection)[0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_index WHERE indrelid = %s::regclass", [name])
        assert cursor.fetchone()[0] == 10
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass ORDER BY 1", [name])
        assert [row[0] for row in cursor.fetchall()] == [
            "request_record_is_final",
            "request_record_is_kept",
            "request_record_is_kept_whole",
            "requestrecord_occurs_now",
        ]


def test_a_month_that_is_dropped_meanwhile_is_no_fault_of_triggers(monkeypatch):
    before = partitions(connection)
    execute(f"DROP TABLE {before[-2].name}", f"ALTER TABLE {NET} DISABLE TRIGGER USER")
    found = iter([before, partitions(connection)])
    monkeypatch.setattr(comparing, "partitions", lambda connection: next(found))
    faults = [str(fault) for fault in comparing.faults(connection)]
    assert faults
    assert [fault for fault in faults if f"on {NET}: disabled" not in fault] == []


def test_nobody_but_the_owner_reaches_a_partition_directly(web_role):
    execute(f"ALTER DEFAULT PRIVILEGES GRANT SELECT, DELETE ON TABLES TO {web_role}, PUBLIC")
    drop_months_ahead()
    name = making.ahead(connection)[0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege(%s, %s, 'SELECT, DELETE')", [web_role, name])
        assert cursor.fetchone()[0] is False
    execute(f"ALTER DEFAULT PRIVILEGES REVOKE SELECT, DELETE ON TABLES FROM {web_role}, PUBLIC")


def test_the_web_role_is_told_what_it_has_on_a_partition(become_web, web_role):
    become_web()
    execute("RESET SESSION AUTHORIZATION", f"GRANT SELECT ON {NET} TO {web_role}")
    execute(f"SET SESSION AUTHORIZATION {web_role}")
    assert privileges.differing(connection) == ([], [f"SELECT on {NET}"])
    assert f"REVOKE ALL ON public.{LEDGER}, public.{NET} FROM" not in "".join(privileges.statements("x", "public"))
    [revoked] = [each for each in privileges.statements("x", "public", [NET]) if each.startswith("REVOKE ALL")]
    assert f"public.{NET} FROM PUBLIC, x" in revoked


def file_of(row: RequestRecord) -> tuple[int, str]:
    """Return the file and the place in it that a row has."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relfilenode, record.ctid::text FROM partners_requestrecord AS record"
            " JOIN pg_class ON pg_class.oid = record.tableoid WHERE record.id = %s",
            [row.pk],
        )
        return cursor.fetchone()


@pytest.mark.parametrize("later", [0, 1])
def test_the_net_becomes_the_partition_of_its_months_and_no_row_moves(key, later):
    drop_months_ahead()
    month = partitions(connection)[-2].end
    moments = [month, following(month, later) + timedelta(days=27)]
    rows = [RequestRecordFactory(api_key=key, occurred_at=moment) for moment in moments]
    before = [file_of(row) for row in rows]
    made = making.ahead(connection)
    assert made[0] == f"{month:{making.MONTH}}"
    assert [file_of(row) for row in rows] == before
    assert all(any(each.covers(moment) for each in partitions(connection)) for moment in moments)
    assert (present.faults(connection), comparing.faults(connection)) == ([], [])
    RequestRecordFactory(api_key=key, occurred_at=month + timedelta(days=900))
    assert present.holds_rows(connection)


def test_a_net_that_is_before_another_partition_ends_where_that_begins(key):
    now = present.now(connection)
    divide(now, now)
    old = RequestRecordFactory(api_key=key, occurred_at=now - timedelta(days=400))
    assert making.ahead(connection) == [f"{old.occurred_at:{making.MONTH}}"]
    assert present.faults(connection) == []


def test_a_net_on_both_sides_of_a_partition_stays(key):
    now = present.now(connection)
    divide(now, now)
    for days in (-400, 400):
        RequestRecordFactory(api_key=key, occurred_at=now + timedelta(days=days))
    assert making.ahead(connection) == []
    assert present.faults(connection) == ["the net holds rows"]


def test_a_row_of_a_far_month_keeps_the_net_as_it_is_and_other_months_are_made(key):
    ahead = drop_months_ahead()
    for month in (partitions(connection)[-2].end, following(month_of(present.now(connection)), 40)):
        RequestRecordFactory(api_key=key, occurred_at=month)
    assert making.ahead(connection) == ahead[1:]
    assert present.faults(connection) == [f"no partition for {ahead[0][-7:].replace('_', '-')}", "the net holds rows"]
    call_command("prune_records")


def test_a_check_that_a_killed_run_left_on_the_net_is_named_and_taken_away(key):
    execute(f"ALTER TABLE {NET} ADD CONSTRAINT bounds CHECK (occurred_at < now()) NOT VALID")
    assert present.faults(connection) == [f"{NET} has the constraint bounds, which will refuse rows"]
    assert making.ahead(connection) == []
    assert present.faults(connection) == []


def test_where_the_check_stays_its_end_and_the_way_out_are_told(monkeypatch):
    end = month_of(present.now(connection))
    alter = making._alter

    def fail_to_drop(connection, name: str, how: str) -> None:
        if "ADD" not in how:
            execute("DO $$BEGIN RAISE lock_not_available; END$$")
        alter(connection, name, how)

    monkeypatch.setattr(making, "_alter", fail_to_drop)
    monkeypatch.setattr(patience, "PAUSE", 0)
    told = f"{NET} will refuse rows from {end:%Y-%m-%d} on. Before that day, run: ALTER TABLE {NET} DROP CONSTRAINT"
    with pytest.raises(OperationalError, match=told), making.bounded(connection, NET, None, end):
        raise KeyboardInterrupt
    assert present.faults(connection) == [f"{NET} has the constraint bounds, which will refuse rows"]


def test_autovacuum_is_waited_for_before_calls_have_to_wait(key, monkeypatch):
    """Its lock is asked for while the long limit holds: within the short one it would never give way."""
    drop_months_ahead()
    RequestRecordFactory(api_key=key, occurred_at=partitions(connection)[-2].end)
    hurried, held = patience.hurry, []

    def hurry(connection) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT relation::regclass::text FROM pg_locks"
                " WHERE pid = pg_backend_pid() AND mode = 'ShareUpdateExclusiveLock' AND granted"
            )
            held.append({name for (name,) in cursor.fetchall()})
        hurried(connection)

    monkeypatch.setattr(patience, "hurry", hurry)
    making.ahead(connection)
    assert {NET} <= held[0]
    assert {LEDGER, NET} <= held[1]


@pytest.mark.usefixtures("committed")
def test_two_runs_at_once_make_nothing_twice(key):
    name = partitions(connection)[-2].name

    def run() -> list[str]:
        made = making.ahead(connection)
        connections.close_all()
        return made

    execute(f"DROP TABLE {name}")
    with ThreadPoolExecutor(1) as pool:
        with patience.alone(connection) as is_alone:
            assert is_alone
            assert pool.submit(run).result() == []
        assert pool.submit(run).result() == [name]


def test_a_lock_that_is_not_to_be_had_is_asked_for_again(monkeypatch):
    monkeypatch.setattr(patience, "PAUSE", 0)
    turns = iter([True, True, False])

    def act() -> str:
        if next(turns):
            execute("DO $$BEGIN RAISE lock_not_available; END$$")
        return "done"

    assert patience.again(connection, act) == "done"


def test_another_fault_is_not_tried_again_and_no_lock_for_ever(monkeypatch):
    monkeypatch.setattr(patience, "PAUSE", 0)
    monkeypatch.setattr(patience, "TURNS", 3)
    turns = []

    def act(condition: str) -> None:
        turns.append(condition)
        execute(f"DO $$BEGIN RAISE {condition}; END$$")

    for condition in ("lock_not_available", "deadlock_detected"):
        with pytest.raises(OperationalError):
            patience.again(connection, lambda condition=condition: act(condition))
    assert turns == ["lock_not_available"] * 3 + ["deadlock_detected"]


@pytest.mark.usefixtures("committed")
def test_a_month_is_made_while_a_call_writes():
    key, _ = issue(OrganizationFactory())
    name = partitions(connection)[-2].name
    execute(f"DROP TABLE {name}")
    ready, over = Event(), Event()

    def call() -> None:
        with transaction.atomic():
            RequestRecordFactory(api_key=key, occurred_at=present.now(connection))
            ready.set()
            over.wait(30)
        connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(call)
        assert ready.wait(30)
        assert making.ahead(connection) == [name]
        over.set()
        writing.result()
    assert RequestRecord.objects.count() == 1
