"""When other calls stop to ask a database that answers nobody, and when they go on."""

import threading
from contextlib import contextmanager

import pytest
from django.db import DatabaseError, OperationalError, connection

from chartero.postgresql import breaker as breakers
from chartero.postgresql import plans, sessions
from chartero.postgresql.base import DatabaseWrapper
from partners.statements import Statement
from tests.api import Api
from tests.factories import OrganizationFactory, issue

pytestmark = [
    pytest.mark.direct,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL only"),
    pytest.mark.usefixtures("committed", "breaker"),
]


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def wait_in_vain() -> None:
    execute("SELECT 1")
    with pytest.raises(OperationalError), sessions.within(0.1):
        execute("SELECT pg_sleep(30)")
    connection.close()


def test_after_a_call_that_waited_in_vain_the_next_ones_fail_at_once():
    wait_in_vain()
    with pytest.raises(OperationalError) as raised, sessions.within(20):
        execute("SELECT 1")
    assert isinstance(raised.value.__cause__, breakers.Paused)
    execute("SELECT 1")  # whoever is no partner may ask


def test_after_the_pause_one_statement_is_tried(breaker, monkeypatch):
    monkeypatch.setattr(breakers, "PAUSE", 0.0)
    wait_in_vain()
    monkeypatch.setattr(breakers, "PAUSE", 20.0)
    assert breaker.enter() is True
    with pytest.raises(breakers.Paused):
        breaker.enter()
    breaker.succeeded()
    assert breaker.enter() is False


def test_a_trial_that_still_waits_keeps_the_next_one_from_nothing(breaker, monkeypatch):
    monkeypatch.setattr(breakers, "PAUSE", 0.0)
    wait_in_vain()
    assert [breaker.enter(), breaker.enter()] == [True, True]


def answer_calls(number: int) -> None:
    for _ in range(number):
        with sessions.within(20):
            execute("SELECT 1")


@pytest.mark.parametrize(("in_vain", "answered", "pause"), [(1, 0, True), (1, 1, False), (2, 2, False), (3, 2, True)])
def test_a_pause_begins_if_more_calls_waited_in_vain_than_were_answered(breaker, monkeypatch, in_vain, answered, pause):
    monkeypatch.setattr(breakers, "MOMENT", 60.0)
    answer_calls(answered)
    for _ in range(in_vain):
        breaker.failed()
    assert is_pause(breaker) is pause


def is_pause(breaker) -> bool:
    try:
        breaker.enter()
    except breakers.Paused:
        return True
    return False


def test_many_calls_that_waited_in_vain_begin_a_pause_whoever_else_is_answered(breaker, monkeypatch):
    monkeypatch.setattr(breakers, "MOMENT", 60.0)
    for _ in range(2 * breakers.MANY):
        breaker.answered()
    for _ in range(breakers.MANY - 1):
        breaker.failed()
    assert is_pause(breaker) is False
    breaker.failed()
    assert is_pause(breaker) is True


def test_answers_of_an_earlier_moment_do_not_count(breaker, monkeypatch):
    monkeypatch.setattr(breakers, "MOMENT", 0.05)
    answer_calls(3)
    wait_in_vain()
    assert is_pause(breaker) is True


def test_a_call_that_waited_in_vain_once_counts_as_no_answered_one(breaker, monkeypatch):
    monkeypatch.setattr(breakers, "MOMENT", 60.0)
    monkeypatch.setattr(breakers, "PAUSE", 0.0)
    execute("SET statement_timeout = 50")
    with sessions.within(20):
        with pytest.raises(OperationalError):
            execute("SELECT pg_sleep(30)")
        connection.close()
        execute("SELECT 1")
    breaker.failed()
    assert breaker._next_try is not None


def test_a_call_that_asks_nothing_counts_as_no_answered_one(breaker, monkeypatch):
    monkeypatch.setattr(breakers, "MOMENT", 60.0)
    with sessions.within(20):
        pass
    breaker.failed()
    assert is_pause(breaker) is True


def test_work_that_is_apart_neither_minds_a_pause_nor_begins_one(breaker):
    execute("SELECT 1")
    with pytest.raises(OperationalError, match="does not answer"), sessions.within(0.1, apart=True):
        execute("SELECT pg_sleep(30)")
    connection.close()
    assert is_pause(breaker) is False
    wait_in_vain()
    assert is_pause(breaker) is True
    with sessions.within(20, apart=True):
        execute("SELECT 1")


@contextmanager
def running(breaker, number):
    """Have that many statements of other threads run."""
    entered, done = threading.Barrier(number + 1), threading.Event()

    def run():
        breaker.enter()
        entered.wait()
        done.wait()
        breaker.leave()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    entered.wait()
    try:
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize(("number", "long", "pause"), [(16, -1.0, True), (15, -1.0, False), (20, 60.0, False)])
def test_no_more_than_some_statements_may_run_for_long_at_a_time(breaker, monkeypatch, number, long, pause):
    monkeypatch.setattr(breakers, "LONG", long)
    with running(breaker, number):
        assert is_pause(breaker) is pause
    assert is_pause(breaker) is False


def test_a_trial_that_succeeds_lets_all_go_on(breaker, monkeypatch):
    monkeypatch.setattr(breakers, "PAUSE", 0.0)
    wait_in_vain()
    with sessions.within(20):
        execute("SELECT 1")
    assert breaker.enter() is False


def test_a_trial_has_less_time_than_a_call_and_begins_another_pause_if_it_fails(breaker, monkeypatch):
    monkeypatch.setattr(breakers, "PAUSE", 0.0)
    monkeypatch.setattr(sessions, "TRIAL", 0.1)
    wait_in_vain()
    execute("SELECT 1")
    monkeypatch.setattr(breakers, "PAUSE", 20.0)
    with pytest.raises(OperationalError, match="does not answer"), sessions.within(20):
        execute("SELECT pg_sleep(30)")
    connection.close()
    with pytest.raises(breakers.Paused):
        breaker.enter()


@pytest.mark.parametrize("sql", ["SELECT 1 / 0", "SELECT nothing FROM nowhere"])
def test_a_statement_that_is_refused_at_once_begins_no_pause(breaker, sql):
    with pytest.raises(DatabaseError), sessions.within(20):
        execute(sql)
    assert breaker.enter() is False


def test_a_trial_on_a_session_that_was_lost_keeps_no_call_from_a_new_one(other, monkeypatch):
    api = Api(issue(OrganizationFactory())[1])
    monkeypatch.setattr(breakers, "PAUSE", 0.0)
    wait_in_vain()
    monkeypatch.setattr(breakers, "PAUSE", 20.0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        session = cursor.fetchone()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 1000)", session)
    monkeypatch.setattr(DatabaseWrapper, "is_usable", lambda self: True)  # it was, a moment ago
    assert api.get().status_code == 200


def test_a_prepared_statement_that_waits_for_a_lock_in_vain_begins_a_pause(breaker, other):
    execute("SET lock_timeout = 50")
    with other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("LOCK TABLE partners_requestrecord IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(OperationalError), plans.made_once(), sessions.within(20):
            Statement("SELECT count(*) FROM partners_requestrecord").rows()
        cursor.execute("ROLLBACK")
    assert is_pause(breaker) is True
