"""Connections to SQLite wait for their turn to write in short steps, and for as long as their timeout at most."""

import sqlite3
import threading

import pytest
from django.db import OperationalError
from django.db.utils import load_backend

from chartero.deployment import databases
from chartero.sqlite import base
from chartero.sqlite.base import PAUSES

ADD = "INSERT INTO things (name) VALUES (%s)"


@pytest.fixture
def file(tmp_path):
    """A file with an empty table."""
    file = tmp_path / "turns.sqlite3"
    with sqlite3.connect(file) as connection:
        connection.executescript("PRAGMA journal_mode = WAL; CREATE TABLE things (name TEXT)")
    connection.close()
    return file


@pytest.fixture
def ours(file, django_db_blocker):
    """A connection of our backend beside those of Django's settings."""
    described = databases.configured({"ENGINE": "django.db.backends.sqlite3", "NAME": file}, web_process=True)
    usual = {"TIME_ZONE": None, "AUTOCOMMIT": True, "ATOMIC_REQUESTS": False, "TEST": {}}
    wrapper = load_backend(described["ENGINE"]).DatabaseWrapper(usual | described, "turns")
    with django_db_blocker.unblock():
        wrapper.connect()
        yield wrapper
        wrapper.connection.close()


@pytest.fixture
def writer(file):
    """Another connection, in the midst of writing."""
    writer = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    writer.execute("BEGIN IMMEDIATE")
    yield writer
    writer.close()


@pytest.fixture
def paused(writer, monkeypatch):
    """The pauses so far. In the twelfth, the other connection ends."""
    pauses = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 12:
            writer.execute("COMMIT")

    monkeypatch.setattr(base.time, "sleep", pause)
    return pauses


def names(wrapper):
    with wrapper.cursor() as cursor:
        return [name for (name,) in cursor.execute("SELECT name FROM things ORDER BY name").fetchall()]


def test_a_statement_waits_in_short_steps(ours, paused):
    with ours.cursor() as cursor:
        cursor.execute(ADD, ["one"])
    assert paused == [*PAUSES, PAUSES[-1], PAUSES[-1]]
    assert names(ours) == ["one"]


class Late:
    """A value during whose row another connection begins to write, for a moment."""

    def __init__(self, writer):
        self.writer = writer

    def __conform__(self, protocol):
        self.writer.execute("BEGIN IMMEDIATE")
        threading.Timer(0.05, self.writer.execute, ["COMMIT"]).start()
        return "two"


def test_many_rows_wait_too_and_each_is_added_once(ours, writer):
    writer.execute("COMMIT")
    with ours.cursor() as cursor:
        cursor.executemany(ADD, [("one",), (Late(writer),)])
        assert cursor.rowcount == 2
        assert cursor.execute("PRAGMA busy_timeout").fetchone() == (0,)
    assert names(ours) == ["one", "two"]


@pytest.mark.parametrize("when", ["IMMEDIATE", "DEFERRED"])
def test_a_transaction_waits_when_it_begins_or_first_writes(ours, paused, when):
    with ours.cursor() as cursor:
        cursor.execute(f"BEGIN {when}")
        cursor.execute(ADD, ["one"])
        cursor.execute("COMMIT")
    assert len(paused) == 12
    assert names(ours) == ["one"]


def test_who_still_reads_what_has_changed_since_cannot_write(ours, writer, paused):
    writer.execute("INSERT INTO things (name) VALUES ('theirs'), ('others')")
    writer.execute("COMMIT")
    with ours.cursor() as reading, ours.cursor() as cursor:
        reading.execute("SELECT * FROM things").fetchone()
        writer.execute("DELETE FROM things WHERE name = 'theirs'")
        with pytest.raises(OperationalError, match="database is locked"):
            cursor.execute(ADD, ["one"])
    assert paused == []


def test_reading_waits_for_nobody(ours, paused):
    assert (names(ours), paused) == ([], [])


def test_the_timeout_is_that_of_the_settings(ours):
    assert ours.connection.patience == ours.settings_dict["OPTIONS"]["timeout"] == 2


def test_nobody_waits_longer_than_the_timeout(ours, writer):
    ours.connection.patience = 0.05
    with ours.cursor() as cursor, pytest.raises(OperationalError, match="database is locked"):
        cursor.execute(ADD, ["one"])


def test_a_transaction_that_has_read_what_has_changed_since_fails_at_once(ours, writer, paused):
    with ours.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT * FROM things")
        writer.execute("INSERT INTO things (name) VALUES ('theirs')")
        writer.execute("COMMIT")
        with pytest.raises(OperationalError, match="database is locked"):
            cursor.execute(ADD, ["one"])
        cursor.execute("ROLLBACK")
    assert paused == []
    assert names(ours) == ["theirs"]


@pytest.mark.parametrize("statement", ["INSERT INTO missing VALUES (1)", "no SQL"])
def test_an_error_is_raised_at_once(ours, paused, statement):
    with ours.cursor() as cursor, pytest.raises(OperationalError):
        cursor.execute(statement)
    assert paused == []
