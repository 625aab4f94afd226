"""The probes: what a stranger is told, what the log is told, and that a database that hangs holds up neither."""

import logging
import threading
import time
from contextlib import suppress
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django import db
from django.db import DatabaseError, connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from chartero import health
from chartero.health import Needs, Readiness, Unready
from encounters.totals import counting, triggers
from partners.models import ApiKey, ApiKeySwitch, RequestRecord
from partners.partitions import present
from partners.record.unknown_callers.unkeyed import TALLY
from partners.triggers import installing, times
from tests.factories import CHANGE, issue
from tests.stopwatch import running

pytestmark = pytest.mark.clock_of_database


@pytest.fixture
def needs(monkeypatch):
    """What the process needs, as the test has it: a list of faults, the next look's first."""
    faults = []

    def look():
        if faults:
            raise faults.pop(0)

    readiness = Readiness(look)
    monkeypatch.setitem(health.PROBES, "/readyz", readiness.holds)
    monkeypatch.setattr(health, "KEPT", 0.0)
    return faults


def unready() -> str | None:
    try:
        Needs()()
    except Unready as fault:
        return str(fault)
    return None


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("host", ["127.0.0.1", "elsewhere.example", "10.0.0.7:8000", "not a host!"])
def test_a_probe_is_answered_whatever_host_it_names(client, needs, path, host):
    answer = client.get(path, headers={"Host": host, "Cookie": "sessionid=x"})
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert dict(answer.headers) == {
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": "3",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    assert not answer.cookies


def test_a_stranger_is_told_no_detail(client, needs):
    needs.append(db.OperationalError("connection to 10.0.0.7 failed for user chartero"))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"unavailable\n")
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_head_is_answered_like_get(client, needs, path):
    got, headed = client.get(path), client.head(path)
    assert (headed.status_code, headed.content, headed.headers) == (200, b"", got.headers)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_refused(client, needs, method):
    answer = client.generic(method, "/healthz")
    assert (answer.status_code, answer["Allow"], answer["Cache-Control"]) == (405, "GET, HEAD", "no-store")


@pytest.mark.parametrize("path", ["/healthz/", "/readyz/", "/healthz/x", "/Healthz"])
def test_other_paths_are_no_probes(client, db, path):
    assert client.get(path).content != b"ok\n"


def test_the_process_lives_without_a_database(client, needs):
    needs.append(db.OperationalError())
    assert client.get("/healthz").status_code == 200
    assert needs


def test_a_probe_leaves_no_record(client, needs, db, monkeypatch):
    monkeypatch.setattr(TALLY, "add", lambda *_: pytest.fail("counted"))
    client.get("/readyz")
    assert not RequestRecord.objects.exists()


def test_a_ready_process_needs_nothing(db):
    assert unready() is None


def test_no_digest_key_is_not_ready(db, settings):
    settings.DIGEST_KEYS = ""
    assert unready() == "digest_keys"


@pytest.mark.parametrize(("number", "fault"), [(2, None), (3, "digest_keys")])
def test_digest_keys_that_verify_no_key_at_all_are_the_wrong_ones(organization, number, fault):
    ApiKey.objects.create(organization=organization, label="x", digest=bytes(32), digest_key_number=number)
    assert unready() == fault


def test_one_active_key_that_cannot_be_verified_is_enough(organization):
    issue(organization)
    ApiKey.objects.create(organization=organization, label="x", digest=bytes(32), digest_key_number=3)
    assert unready() == "digest_keys"


def test_files_of_pages_that_were_not_collected_are_a_need(db, settings, tmp_path):
    settings.STATIC_ROOT = str(tmp_path)
    assert unready() == "static_files"
    (tmp_path / "staticfiles.json").write_text("{}")
    assert unready() is None


def fault_of_triggers() -> str:
    """Return what the log says about the triggers."""
    with pytest.raises(Unready) as fault:
        Needs()()
    assert fault.value.about["check"] == "triggers"
    return fault.value.about["what"]


def test_a_missing_trigger_is_a_need_and_named(db):
    installing.remove(connection, triggers.SET)
    assert "trigger encounter_count_insert on encounters_encounter: missing" in fault_of_triggers()
    counting.ensure(connection)
    assert unready() is None


ALTERED = {
    "sqlite": ["DROP TRIGGER {name}", "CREATE TRIGGER {name} AFTER INSERT ON encounters_encounter BEGIN SELECT 1; END"],
    "postgresql": ["CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"],
}


def execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.format(name="encounter_count_insert"))


def test_an_altered_trigger_is_a_need(db):
    execute(*ALTERED[connection.vendor])
    assert fault_of_triggers() == "trigger encounter_count_insert on encounters_encounter: altered"


def test_an_older_release_accepts_the_triggers_of_a_newer_one_but_not_that_they_are_gone(db):
    execute(*ALTERED[connection.vendor])
    MigrationRecorder(connection).record_applied("encounters", "9999_of_the_next_release")
    assert unready() is None
    installing.remove(connection, triggers.SET)
    assert "encounter_count_insert on encounters_encounter: missing" in fault_of_triggers()


PASSING_BY = {
    "sqlite": [("PRAGMA recursive_triggers = OFF", "recursive_triggers: off")],
    "postgresql": [
        ("SET LOCAL session_replication_role = replica", "session_replication_role: replica"),
        ("ALTER TABLE partners_apikey ENABLE ROW LEVEL SECURITY", "row security on partners_apikey: on"),
        ("CREATE RULE another AS ON DELETE TO partners_seal DO INSTEAD NOTHING", "rule another on partners_seal: on"),
    ],
}


@pytest.mark.postgresql
@pytest.mark.parametrize(("statement", "fault"), PASSING_BY[connection.vendor])
def test_an_older_release_does_not_accept_what_passes_the_triggers_by(db, statement, fault):
    MigrationRecorder(connection).record_applied("encounters", "9999_of_the_next_release")
    execute(statement)
    try:
        assert fault_of_triggers() == fault
    finally:
        execute("PRAGMA recursive_triggers = ON") if connection.vendor == "sqlite" else None


@pytest.mark.postgresql
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no such switch")
def test_a_trigger_that_is_switched_off_is_a_need(db):
    execute("ALTER TABLE partners_apikey DISABLE TRIGGER api_key_is_kept")
    assert fault_of_triggers() == "trigger api_key_is_kept on partners_apikey: disabled"


@pytest.mark.postgresql
def test_a_privilege_that_the_role_lacks_is_a_need(become_web, web_role):
    become_web()
    assert unready() is None
    execute(
        "RESET SESSION AUTHORIZATION",
        f"REVOKE DELETE ON partners_routegrant FROM {web_role}",
        f"SET SESSION AUTHORIZATION {web_role}",
    )
    with pytest.raises(Unready) as fault:
        Needs()()
    assert fault.value.about == {"check": "privileges", "what": "DELETE on partners_routegrant"}


def test_what_is_not_ready_is_named_in_the_log(client, needs, caplog):
    needs.append(Unready("triggers", "trigger x on y: missing"))
    client.get("/readyz")
    (record,) = (record for record in caplog.records if record.name == "chartero.health")
    assert (record.check, record.what) == ("triggers", "trigger x on y: missing")


def test_a_database_that_takes_no_write_is_not_ready(committed):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = ON" if connection.vendor == "sqlite" else "SET TRANSACTION READ ONLY")
        with pytest.raises(DatabaseError):
            unready()
        transaction.set_rollback(True)
    if connection.vendor == "sqlite":
        connection.cursor().execute("PRAGMA query_only = OFF")


def test_a_key_that_is_not_active_needs_no_digest_key(organization, settings):
    issue(organization)[0].revoke(CHANGE)
    settings.DIGEST_KEYS = "7:" + "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY="
    assert unready() is None


def test_a_migration_that_is_missing_is_not_ready(db):
    needs = Needs()
    MigrationRecorder.Migration.objects.filter(app="partners").latest("id").delete()
    with pytest.raises(Unready, match="migrations"):
        needs()


def test_a_database_that_has_not_counted_yet_is_not_ready(db):
    counting.remove(connection)
    assert unready() == "triggers"


def test_migrations_are_looked_at_until_they_are_there(db, django_assert_num_queries):
    needs = Needs()
    needs()
    MigrationRecorder.Migration.objects.all().delete()
    with django_assert_num_queries({"sqlite": 6, "postgresql": 14}[connection.vendor]):
        needs()


def test_without_the_switch_no_call_is_served(db):
    ApiKeySwitch.objects.all().delete()
    assert unready() == "migrations"


def test_a_fault_is_logged_once_a_minute_and_its_end_once(client, needs, caplog, monkeypatch):
    caplog.set_level(logging.INFO)
    needs += [db.OperationalError("words")] * 50
    for _ in range(50):
        assert client.get("/readyz").status_code == 503
    monkeypatch.setattr(health, "TOLD_AGAIN", 0.0)
    needs.append(db.OperationalError("words"))
    for _ in range(3):
        client.get("/readyz")
    told = [
        (record.message, getattr(record, "exception", None)) for record in caplog.records if "chartero" in record.name
    ]
    assert told == [("not ready", "OperationalError")] * 2 + [("ready again", None)]
    assert "words" not in str([vars(record) for record in caplog.records])


def test_another_fault_is_logged_at_once(client, needs, caplog):
    needs += [db.OperationalError(), Unready("digest_keys")]
    for _ in range(2):
        client.get("/readyz")
    assert [record.check for record in caplog.records if record.name == "chartero.health"] == [
        "database",
        "digest_keys",
    ]


def test_it_is_looked_once_a_second_however_often_it_is_asked(monkeypatch):
    looks = []
    readiness = Readiness(lambda: looks.append(1))
    threads = [threading.Thread(target=readiness.holds) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert looks == [1]
    monkeypatch.setattr(health, "KEPT", 0.0)
    assert readiness.holds()
    assert looks == [1, 1]


def test_a_look_that_hangs_is_waited_for_once_and_given_up_later(monkeypatch, caplog):
    looks, end = [], threading.Event()

    def hang():
        looks.append(1)
        end.wait(30)

    monkeypatch.setattr(health, "PATIENCE", 0.2)
    readiness, begun = Readiness(hang), time.monotonic()
    with running() as watch:
        assert not readiness.holds()
        assert time.monotonic() - begun >= 0.2
        assert watch.seconds() < 1
    with running() as watch:
        assert not any(readiness.holds() for _ in range(50))
        assert watch.seconds() < 0.2
    assert (looks, [record.exception for record in caplog.records]) == ([1], ["no answer"])
    monkeypatch.setattr(health, "GIVEN_UP", 0.0)
    assert not readiness.holds()
    assert looks == [1, 1]
    end.set()
    monkeypatch.setattr(health, "KEPT", 0.0)
    assert readiness.holds()


@pytest.mark.parametrize("fault", [None, db.OperationalError(), Unready("digest_keys")])
def test_each_look_closes_its_connection(monkeypatch, fault):
    closed = []
    monkeypatch.setattr(
        health, "connection", SimpleNamespace(close=lambda: closed.append(threading.current_thread().name))
    )

    def look():
        if fault is not None:
            raise fault

    assert Readiness(look).holds() is (fault is None)
    assert closed == ["readiness"]


def test_the_look_uses_a_connection_of_its_own(committed, caplog):
    mine, seen = id(db.connection.connection), []

    def look():
        ApiKeySwitch.objects.exists()
        seen.append(id(db.connection.connection))
        with suppress(AttributeError):
            db.connection.connection.close()

    assert Readiness(look).holds()
    assert seen != [mine]


@pytest.mark.postgresql
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite runs on the same machine")
@pytest.mark.parametrize(
    ("apart", "fault", "told"),
    [
        (0, None, 0),
        (4.6, None, 0),
        (5.4, None, 1),
        (-5.4, None, 1),
        (59.6, None, 1),
        (-59.6, None, 1),
        (60.2, "clock", 1),
        (70, "clock", 1),
        (-70, "clock", 1),
    ],
)
def test_a_clock_that_differs_from_the_database_s_is_logged_and_by_a_minute_a_fault(
    db, monkeypatch, caplog, apart, fault, told
):
    now = timezone.now
    monkeypatch.setattr(times.timezone, "now", lambda: now() + timedelta(seconds=apart))
    assert unready() == fault
    assert [record.what for record in caplog.records] == [f"{apart:+.0f} s"] * told


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no temporary files of its own")
def test_postgresql_writes_a_file_to_see_whether_the_disk_has_room(committed):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL temp_file_limit = 900")
        with pytest.raises(DatabaseError, match="temporary file"):
            unready()
        transaction.set_rollback(True)
    assert unready() is None


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL may run on another machine")
@pytest.mark.parametrize(("free", "fault"), [(999_999, "disk"), (1_000_000, None)])
def test_sqlite_needs_room_on_its_disk(db, monkeypatch, tmp_path, free, fault):
    monkeypatch.setattr(health.shutil, "disk_usage", lambda file: SimpleNamespace(free=free))
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA database_list")
        in_memory = not cursor.fetchone()[2]
    assert unready() == (None if in_memory else fault)


def test_months_that_nobody_made_are_logged_and_no_fault(db, monkeypatch, caplog):
    monkeypatch.setattr(present, "faults", lambda database: ["no partition for 2027-02", "the net holds rows"])
    assert unready() is None
    assert [record.what for record in caplog.records] == ["no partition for 2027-02; the net holds rows"]
