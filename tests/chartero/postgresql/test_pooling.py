"""PgBouncer in front of PostgreSQL: what is asked of it at the start, and calls that keep nothing in their session."""

import time
from contextlib import contextmanager

import psycopg
import pytest
from django.core.checks import Error, Warning
from django.db import OperationalError, connection

from chartero import checks, health
from chartero.deployment import databases
from chartero.postgresql import plans, pooling, sessions
from chartero.postgresql.base import DatabaseWrapper
from chartero.postgresql.renewal import Renewal
from tests import pgbouncer

pytestmark = [
    pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL only"),
    pytest.mark.direct,
    pytest.mark.usefixtures("committed"),
]
needs_pgbouncer = pytest.mark.skipif(not pgbouncer.is_installed(), reason="needs PgBouncer")
WEB, COMMANDS = "chartero", "chartero_commands"


def connected(pooler, *, web_process=True, **place):
    """Return a connection as these settings describe it."""
    known = {name: connection.settings_dict[name] for name in ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT")}
    described = databases.configured(known | place, web_process=web_process, pooler=pooler)
    return DatabaseWrapper(connection.settings_dict | described)


def misfits(pooler, *, web_process=True, **place):
    own = connected(pooler, web_process=web_process, **place)
    try:
        return pooling.misfits(own, web_process=web_process)
    finally:
        own.close()


@pytest.fixture(scope="module")
def front(django_db_setup):
    """Return the place of a PgBouncer with the databases of the file, and one that has no settings at all."""
    known = connection.settings_dict
    entries = pgbouncer.entries(known["PORT"], known["NAME"])
    bare = f"host=127.0.0.1 port={known['PORT']} dbname={known['NAME']}"
    with pgbouncer.running(entries | {"bare": bare}, server_round_robin="1") as pooler:
        yield {"HOST": "127.0.0.1", "PORT": str(pooler.port)}


def test_nothing_in_front_fits_the_default():
    assert misfits(databases.NONE) == misfits(databases.NONE, web_process=False) == []


@pytest.mark.parametrize("pooler", [databases.TRANSACTION, databases.PREPARED])
def test_a_pooler_that_is_not_there_is_noticed(pooler):
    assert misfits(pooler) == [pooling.NO_POOLER, pooling.UNLIMITED]
    assert misfits(pooler, web_process=False) == [pooling.NO_POOLER]


@needs_pgbouncer
def test_the_pools_of_the_file_fit_web_processes_and_commands(front):
    assert misfits(databases.TRANSACTION, NAME=WEB, **front) == []
    assert misfits(databases.TRANSACTION, NAME=COMMANDS, web_process=False, **front) == []


@needs_pgbouncer
def test_pools_that_are_taken_for_each_other_are_noticed(front):
    assert misfits(databases.TRANSACTION, NAME=COMMANDS, **front) == [pooling.UNLIMITED]
    assert misfits(databases.TRANSACTION, NAME=WEB, web_process=False, **front) == [pooling.LIMITED]


@needs_pgbouncer
def test_a_pool_without_limits_is_noticed(front):
    assert misfits(databases.TRANSACTION, NAME="bare", **front) == [pooling.UNLIMITED]


@needs_pgbouncer
@pytest.mark.skipif(pgbouncer.PROGRAM != "pgbouncer", reason="another PgBouncer may pass them on")
def test_a_pooler_that_passes_on_no_prepared_statements_is_noticed(front):
    assert misfits(databases.PREPARED, NAME=WEB, **front) == [pooling.NOT_PASSED_ON]


@needs_pgbouncer
@pytest.mark.skipif(pgbouncer.PROGRAM == "pgbouncer", reason="needs 1.21 or later, named by PGBOUNCER")
def test_a_pooler_that_passes_on_prepared_statements_fits():
    known = connection.settings_dict
    entries = pgbouncer.entries(known["PORT"], known["NAME"])
    with pgbouncer.running(entries, max_prepared_statements="100") as pooler:
        assert misfits(databases.PREPARED, NAME=WEB, HOST="127.0.0.1", PORT=str(pooler.port)) == []


@needs_pgbouncer
def test_a_pooler_that_nobody_names_is_noticed_whether_it_refuses_our_options_or_drops_them(front):
    assert misfits(databases.NONE, NAME=WEB, **front) == [pooling.UNSAID]
    own = connected(databases.NONE, NAME=WEB, **front)
    with pytest.raises(OperationalError, match="set CHARTERO_POOLER=transaction"):
        own.ensure_connection()
    entries = pgbouncer.entries(connection.settings_dict["PORT"], connection.settings_dict["NAME"])
    with pgbouncer.running(entries, ignore_startup_parameters="options") as pooler:
        assert misfits(databases.NONE, NAME=WEB, HOST="127.0.0.1", PORT=str(pooler.port)) == [pooling.UNSAID]


def test_another_fault_at_the_start_is_not_taken_for_a_pooler():
    own = connected(databases.NONE, PORT="1")
    with pytest.raises(OperationalError, match="refused"):
        pooling.misfits(own, web_process=True)


@contextmanager
def found(monkeypatch, *what):
    with monkeypatch.context() as patch:
        patch.setattr(pooling, "misfits", lambda *each, **options: list(what))
        yield


def test_the_check_names_what_does_not_fit(monkeypatch):
    with found(monkeypatch, pooling.NO_POOLER, pooling.UNLIMITED):
        warned, failed = checks.pooler(["default"])
    assert isinstance(warned, Warning)
    assert isinstance(failed, Error)
    assert (failed.msg, failed.hint, failed.id) == (pooling.UNLIMITED.what, pooling.UNLIMITED.hint, "chartero.E031")
    assert checks.pooler(None) == checks.pooler(["default"]) == []


def test_a_process_is_not_ready_until_it_fits(monkeypatch):
    needs = health.Needs()
    with found(monkeypatch, pooling.UNLIMITED), pytest.raises(health.Unready) as raised:
        needs()
    assert raised.value.about == {"check": "pooler", "what": pooling.UNLIMITED.what}
    with found(monkeypatch, pooling.NO_POOLER):
        needs._require_pooler()
    with found(monkeypatch, pooling.UNLIMITED):
        needs._require_pooler()  # once it fitted, nobody asks again


@needs_pgbouncer
def test_the_statements_of_a_call_keep_nothing_in_their_session(front):
    own = connected(databases.TRANSACTION, NAME=COMMANDS, **front)
    with plans.made_once():
        for number in range(5):
            assert own.run_prepared("SELECT %s::bigint + 1", [number]) == ([(number + 1,)], 1)
        kept = "SELECT count(*), current_setting('plan_cache_mode') FROM pg_prepared_statements"
        assert own.run_prepared(kept, ()) == ([(0, "auto")], 1)
    own.close()


@needs_pgbouncer
def test_a_server_that_the_pooler_lost_gives_up_the_session(front):
    own = connected(databases.TRANSACTION, NAME=COMMANDS, **front)
    with pytest.raises(OperationalError) as raised, plans.made_once():
        own.run_prepared("SELECT pg_terminate_backend(pg_backend_pid())", ())
    assert sessions.is_unfit(raised.value)
    own.close()


def stale(sqlstate):
    """Return a fault as Django raises it."""
    fault = OperationalError()
    fault.__cause__ = psycopg.errors.lookup(sqlstate)()
    return fault


def run(own, sql):
    with own.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone() if cursor.description else None


@contextmanager
def left_read_only(front):
    """Yield three connections to the pool, which has as many sessions on a server that takes no writes."""
    owns = [connected(databases.TRANSACTION, NAME=COMMANDS, **front) for _ in range(3)]
    for own in owns:  # each holds a session, so that the next one gets another
        own.set_autocommit(False)
        run(own, "SET default_transaction_read_only = on")
    for own in owns:
        own.commit()
        own.set_autocommit(True)
    yield owns
    for own in owns:
        own.close()
    Renewal().after(stale("25006"), owns[0])  # for other tests


READ_ONLY = "SELECT current_setting('transaction_read_only')::boolean"


@needs_pgbouncer
@pytest.mark.parametrize("sqlstate", ["25006", "0A000"])
def test_sessions_of_the_pool_that_became_stale_are_ended_together(front, sqlstate):
    with left_read_only(front) as owns:
        assert run(owns[0], READ_ONLY) == (True,)
        Renewal().after(stale(sqlstate), owns[0])
        assert {run(own, READ_ONLY) for own in owns} == {(False,)}


@needs_pgbouncer
def test_sessions_of_the_pool_are_ended_once_a_second_and_for_no_other_fault(front):
    with left_read_only(front) as owns:
        for fault in (None, stale("57P01")):
            Renewal().after(fault, owns[0])
        often = Renewal()
        often._next = time.monotonic() + 600
        often.after(stale("25006"), owns[0])
        assert {run(own, READ_ONLY) for own in owns} == {(True,)}


@needs_pgbouncer
def test_a_session_of_the_pool_that_works_is_left_alone(front):
    with left_read_only(front) as (own, other, _):
        other.set_autocommit(False)
        assert run(other, READ_ONLY) == (True,)
        Renewal().after(stale("25006"), own)
        assert run(other, READ_ONLY) == (True,)
        other.rollback()


@needs_pgbouncer
def test_an_idle_session_of_another_program_is_left_alone(front, other):
    number = run(other, "SELECT pg_backend_pid()")
    with left_read_only(front) as (own, *_):
        Renewal().after(stale("25006"), own)
    assert run(other, "SELECT pg_backend_pid()") == number


def test_without_a_pooler_only_the_session_at_fault_is_given_up(other):
    own = connected(databases.NONE)
    kept, given_up = run(other, "SELECT pg_backend_pid()"), run(own, "SELECT pg_backend_pid()")
    Renewal().after(stale("25006"), own)
    assert run(other, "SELECT pg_backend_pid()") == kept
    assert run(own, "SELECT pg_backend_pid()") != given_up
    own.close()
