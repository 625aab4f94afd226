"""Two acts that start at the same moment, each in its own thread on its own connection."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier
from typing import Any

from django.core.exceptions import ValidationError
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

Act = Callable[[], Any]


class Race:
    """Two threads that start each act at the same moment."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.pool = pool
        self.start = Barrier(2, timeout=30)

    def __call__(self, *acts: Act) -> list[Any]:
        """Return what each act returns or is refused with."""
        return list(self.pool.map(self._run, acts))

    def _run(self, act: Act) -> Any:
        self.start.wait()
        try:
            return patient(act)
        except ValidationError as refusal:
            return refusal


def patient(act: Act) -> Any:
    """Try again while SQLite's database in memory, which knows no waiting, is locked by the other thread."""
    while connection.vendor == "sqlite":
        with suppress(OperationalError):
            return act()
        time.sleep(0.001)
    return act()


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
