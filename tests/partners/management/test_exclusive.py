"""Jobs that run once, and steps that take turns: locks on files with SQLite, and PostgreSQL's own."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import sleep

import pytest
from django.db import connection

from partners.management import exclusive

ON_SQLITE = pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has locks of its own")
ON_POSTGRESQL = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no such locks")


@pytest.fixture(autouse=True)
def apart(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@ON_POSTGRESQL
@pytest.mark.usefixtures("committed")
def test_on_postgresql_a_job_runs_once_over_all_connections(race):
    begun, ended = Event(), Event()

    def first() -> bool:
        with exclusive.only_run("job") as alone:
            begun.set()
            assert ended.wait(30)
        return alone

    def second() -> list[bool]:
        assert begun.wait(30)
        with exclusive.only_run("job") as other, exclusive.only_run("another job") as another:
            ended.set()
        return [other, another]

    assert race(first, second) == [True, [False, True]]
    with exclusive.only_run("job") as again:
        assert again


ADVISORY = """
SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database AND datname = current_database()
WHERE locktype = 'advisory' AND pid {} pg_backend_pid()
"""


def locks(whose: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(ADVISORY.format(whose))
        return cursor.fetchone()[0]


@ON_POSTGRESQL
@pytest.mark.usefixtures("committed")
def test_on_postgresql_the_lock_is_not_in_the_session_that_works():
    """Behind a pooler, no other statement would find that session again."""
    with exclusive.only_run("job"):
        assert (locks("="), locks("<>")) == (0, 1)
        connection.close()
        assert locks("<>") == 1
    assert locks("<>") == 0


@ON_POSTGRESQL
@pytest.mark.direct
@pytest.mark.postgresql
@pytest.mark.usefixtures("committed")
def test_on_postgresql_the_lock_outlives_the_longest_pause_of_a_transaction(monkeypatch):
    options = connection.settings_dict["OPTIONS"]
    brief = f"{options.get('options', '')} -c idle_in_transaction_session_timeout=50ms"
    with monkeypatch.context() as patch:
        patch.setitem(options, "options", brief)
        with exclusive.only_run("job"):
            sleep(0.3)
            assert locks("<>") == 1


@ON_SQLITE
def test_nobody_else_gets_the_turn_until_it_ends():
    with exclusive.turn("job"), exclusive.only_run("job") as other, exclusive.only_run("another job") as another:
        assert (other, another) == (False, True)
    with exclusive.only_run("job") as alone:
        assert alone


@ON_SQLITE
def test_others_wait_for_their_turn():
    waits, order = Event(), []

    def wait() -> None:
        waits.set()
        with exclusive.turn("job"):
            order.append("second")

    with ThreadPoolExecutor(1) as pool, exclusive.turn("job"):
        pool.submit(wait)
        assert waits.wait(30)
        order.append("first")
    assert order == ["first", "second"]
