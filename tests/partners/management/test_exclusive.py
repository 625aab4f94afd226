"""Jobs that run once, and steps that take turns: locks on files with SQLite, and PostgreSQL's own."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

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
