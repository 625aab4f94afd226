"""Sessions of PostgreSQL that turn out to be of no use, and a server that says nothing."""

import socket
import time
from contextlib import ExitStack, contextmanager, nullcontext

import psycopg
import pytest
from django.db import OperationalError, ProgrammingError, connection
from psycopg import errors

from chartero.postgresql import sessions
from chartero.postgresql.breaker import Paused
from partners.models import Organization, RequestRecord, UnkeyedAnswer
from partners.record import ledger
from partners.record.unknown_callers.unkeyed import TALLY
from partners.statements import Statement
from tests.api import Api
from tests.factories import EncounterFactory, OrganizationFactory, issue

pytestmark = [
    pytest.mark.direct,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL only"),
    pytest.mark.usefixtures("committed", "breaker"),
]


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.fixture
def api():
    organization = OrganizationFactory()
    EncounterFactory(organization=organization)
    return Api(issue(organization)[1])


def total(api) -> int:
    answer = api.get()
    assert answer.status_code == 200
    return answer.json()["total"]


def test_a_session_that_may_only_read_is_replaced_within_the_call(api):
    execute("SET default_transaction_read_only = on")
    assert total(api) == 1
    assert RequestRecord.objects.count() == 1
    TALLY.write()
    assert not UnkeyedAnswer.objects.exists()


@pytest.fixture
def lost(monkeypatch):
    """Have the first row committed, and its session lost before the server says so."""
    execute_in_full, met = Statement.execute, []

    def execute_and_lose(statement, *values):
        done = execute_in_full(statement, *values)
        if "partners_requestrecord" in statement.sql and not met:
            met.append(statement)
            connection.connection.close()
            raise behind(psycopg.OperationalError("the server closed the connection"))
        return done

    monkeypatch.setattr(ledger, "_transaction", lambda several: nullcontext())
    monkeypatch.setattr(Statement, "execute", execute_and_lose)


def test_an_answer_on_record_whose_session_was_lost_leaves_as_it_is_on_record(api, lost):
    answer = api.get()
    assert (answer.status_code, answer.json()["total"]) == (200, 1)
    assert RequestRecord.objects.get().request_id == answer["X-Request-ID"]
    TALLY.write()
    assert not UnkeyedAnswer.objects.exists()


def test_an_operator_may_wait_longer_for_a_connection_than_a_call_can(monkeypatch):
    connection.close()
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "connect_timeout", 10)
    with sessions.within(2.1):
        execute("SELECT 1")


def test_a_plan_that_no_longer_fits_its_table_is_replaced_within_the_call(api, other):
    change = 'ALTER TABLE partners_organization ALTER COLUMN public_id TYPE varchar({}) COLLATE "C"'
    length = Organization._meta.get_field("public_id").max_length
    assert total(api) == 1
    with other.cursor() as cursor:
        cursor.execute(change.format(length + 1))
        assert total(api) == 1
        cursor.execute(change.format(length))
    assert RequestRecord.objects.count() == 2


def test_a_session_in_which_a_statement_failed_does_not_take_the_next_request():
    with pytest.raises(ProgrammingError):
        execute("SELECT nothing FROM nowhere")
    connection.close_if_unusable_or_obsolete()
    assert connection.connection is None


def test_a_call_is_tried_no_more_than_twice(api, monkeypatch):
    tries = []
    monkeypatch.setattr(sessions, "is_unfit", lambda fault: tries.append(fault) or True)
    assert api.get().status_code == 200
    assert len(tries) == 2


def test_a_server_that_says_nothing_is_given_the_time_of_the_call_and_no_more():
    execute("SELECT 1")
    with pytest.raises(OperationalError, match="does not answer") as raised, sessions.within(0.2):
        execute("SELECT pg_sleep(30)")
    assert isinstance(raised.value.__cause__, sessions.SilentServer)
    assert connection.is_usable() is False
    connection.close()
    execute("SELECT 1")


def test_all_statements_of_a_call_share_its_time():
    execute("SELECT 1")
    with sessions.within(3.0):
        execute("SELECT pg_sleep(1.6)")
        with pytest.raises(OperationalError):
            execute("SELECT pg_sleep(1.6)")
    connection.close()


def test_a_statement_that_fails_in_time_says_what_the_server_says():
    with pytest.raises(OperationalError) as raised, sessions.within(20):
        execute("SELECT pg_cancel_backend(pg_backend_pid())")
    assert isinstance(raised.value.__cause__, errors.QueryCanceled)
    connection.close()


@contextmanager
def silent_hosts(number):
    """Yield the parameters of hosts that take connections and never say a word."""
    with ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)]
        ports = [str(listener.getsockname()[1]) for listener in listeners]
        yield {"host": ",".join(["127.0.0.1"] * number), "port": ",".join(ports), "connect_timeout": 30}


@pytest.mark.parametrize("hosts", [1, 2, 4])
def test_a_connection_to_however_many_silent_hosts_ends_with_the_call(hosts):
    began = time.monotonic()
    with silent_hosts(hosts) as parameters, sessions.within(1.0), pytest.raises(errors.ConnectionTimeout):
        sessions.connected(**parameters)
    assert time.monotonic() - began < 10  # without a deadline it would be 30 seconds for each host


def test_a_silent_host_leaves_time_for_the_next_one():
    own = connection.get_connection_params()
    with silent_hosts(1) as silent, sessions.within(20.0):
        hosts = {name: f"{silent[name]},{own.get(name) or ''}" for name in ("host", "port")}
        sessions.connected(**own | hosts | {"connect_timeout": 30}).close()


def test_outside_a_call_the_operator_s_time_to_connect_holds():
    with silent_hosts(1) as silent, pytest.raises(errors.ConnectionTimeout):
        sessions.connected(**silent | {"connect_timeout": 2})


def test_each_statement_of_a_page_has_its_own_time():
    execute("SELECT 1")
    with sessions.each_within(2.0):
        for _ in range(3):
            execute("SELECT pg_sleep(0.8)")


def test_a_page_does_not_wait_for_a_silent_server_and_neither_do_calls_after_it():
    execute("SELECT 1")
    with sessions.each_within(0.1), pytest.raises(OperationalError, match="does not answer"):
        execute("SELECT pg_sleep(30)")
    connection.close()
    with pytest.raises(OperationalError) as raised, sessions.within(20):
        execute("SELECT 1")
    assert isinstance(raised.value.__cause__, Paused)


@pytest.mark.parametrize(("limited", "pauses"), [(sessions.within, True), (sessions.each_within, False)])
def test_a_slow_statement_begins_a_pause_in_a_call_but_not_in_a_page(breaker, limited, pauses):
    with pytest.raises(OperationalError), limited(20):
        execute("SELECT pg_cancel_backend(pg_backend_pid())")
    connection.close()
    with pytest.raises(Paused) if pauses else nullcontext():
        breaker.enter()


def test_a_page_connects_within_the_shortest_time_of_libpq(monkeypatch):
    connection.close()
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "connect_timeout", 10)
    with sessions.each_within(2.1):
        execute("SELECT 1")


def behind(cause: Exception | None) -> Exception:
    """Return a fault as Django raises it."""
    fault = OperationalError()
    fault.__cause__ = cause
    return fault


@pytest.mark.parametrize(
    ("fault", "unfit"),
    [
        (None, False),
        (behind(None), False),
        (behind(ValueError()), False),
        (behind(errors.ReadOnlySqlTransaction()), True),
        (behind(errors.FeatureNotSupported()), True),
        (behind(errors.AdminShutdown()), True),
        (behind(psycopg.OperationalError("the server closed the connection")), True),
        (behind(psycopg.InterfaceError("the connection is closed")), True),
        (behind(sessions.SilentServer()), False),
        (behind(errors.QueryCanceled()), False),
        (behind(errors.LockNotAvailable()), False),
        (behind(errors.DiskFull()), False),
        (behind(psycopg.ProgrammingError()), False),
    ],
)
def test_a_session_is_given_up_for_what_a_new_one_may_do_better(fault, unfit):
    assert sessions.is_unfit(fault) is unfit


def test_a_server_that_cannot_be_reached_is_not_tried_twice():
    with pytest.raises(psycopg.OperationalError) as raised:
        psycopg.connect("host=127.0.0.1 port=1 connect_timeout=2")
    assert sessions.is_unfit(behind(raised.value)) is False
