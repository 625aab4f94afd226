"""Two acts that start at the same moment, each in its own thread on its own connection.

The suite races a few rounds; CHARTERO_ROUNDS=200 before pytest and a file of races races more.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Barrier
from typing import Any

from django.core.exceptions import ValidationError
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

Act = Callable[[], Any]
TIMED_OUT = {"55P03", "57014"}  # a wait for a lock, a statement: PostgreSQL, Appendix A


class Race:
    """Two threads that start each act at the same moment."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.pool = pool
        self.start = Barrier(2, timeout=30)

    def __call__(self, *acts: Act) -> list[Any]:
        """Return what each act returns or is refused with."""
        return list(self.pool.map(self._run, acts))

    def _run(self, act: Act) -> Any:
        lift_limits()
        self.start.wait()
        try:
            return patient(act)
        except ValidationError as refusal:
            return refusal


def rounds(*, postgresql: int, sqlite: int) -> int:
    """Return how often a test races. SQLite has one writer at a time, so that less can happen there."""
    return int(os.environ.get("CHARTERO_ROUNDS", postgresql if connection.vendor == "postgresql" else sqlite))


def patient(act: Act) -> Any:
    """Try again for a minute where a connection can't wait as long as it takes.

    SQLite's database in memory knows no waiting, and behind a pooler the act may get a session that kept its limits.
    """
    until = time.monotonic() + 60
    while True:
        try:
            return act()
        except OperationalError as fault:
            timed_out = is_behind_pooler() and getattr(fault.__cause__, "sqlstate", None) in TIMED_OUT
            if not (is_in_memory() or timed_out) or time.monotonic() > until:
                raise
        time.sleep(0.001)


def lift_limits() -> None:
    """Let this connection wait for a lock as long as it takes: a limit would end a race on a busy machine undecided."""
    unlimited = {
        "postgresql": "SELECT set_config('lock_timeout', '0', false), set_config('statement_timeout', '0', false)",
        "sqlite": "PRAGMA busy_timeout = 600000",
    }
    with connection.cursor() as cursor:
        cursor.execute(unlimited[connection.vendor])


def is_behind_pooler() -> bool:
    """Return True if `.ci/with-pgbouncer` runs the tests."""
    return "CHARTERO_DIRECT_DATABASE_URL" in os.environ


def is_in_memory() -> bool:
    """Return True if the tests' database is one of SQLite in memory."""
    return connection.vendor == "sqlite" and bool(connection.is_in_memory_db())


@contextmanager
def on_file(file: Path) -> Iterator[None]:
    """Use a copy of SQLite's database in memory that is a file, as deployments have it. On PostgreSQL, do nothing.

    Connections to a file wait for each other, as those of a deployment do. So an error there is a fault.
    """
    if not is_in_memory():
        yield
        return
    memory = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(file)])
    with closing(sqlite3.connect(memory, uri=True)):  # a database in memory lives as long as a connection
        _move_to(str(file))
        yield
        _move_to(memory)
        connection.ensure_connection()


def _move_to(name: str) -> None:
    close()
    connection.settings_dict["NAME"] = name


def close() -> None:
    """Close this thread's connection, also one to a database in memory, which Django would leave open."""
    BaseDatabaseWrapper.close(connection)


def await_waiting() -> None:
    """Return when another connection to this PostgreSQL database waits for a lock that this one holds."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid() = ANY(pg_blocking_pids(pid)) FROM pg_locks WHERE NOT granted")
            if (True,) in cursor.fetchall():
                return
        time.sleep(0.01)
    raise AssertionError("nothing waits for what this transaction holds")
