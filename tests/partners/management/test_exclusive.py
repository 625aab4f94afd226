"""Locks on files: jobs that run once, and steps that take turns."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection

from partners.management import exclusive

pytestmark = pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has locks of its own")


@pytest.fixture(autouse=True)
def apart(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def test_nobody_else_gets_the_turn_until_it_ends():
    with exclusive.turn("job"), exclusive.only_run("job") as other, exclusive.only_run("another job") as another:
        assert (other, another) == (False, True)
    with exclusive.only_run("job") as alone:
        assert alone


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
