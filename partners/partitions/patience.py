"""Alter a table: wait for a lock that holds up calls so briefly that they hardly notice, and try again.

A lock that holds up no call is waited for as long as it takes: autovacuum gives way to whoever waits for a second.
"""

import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from django.db import Error, OperationalError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

WAIT, PAUSE, TURNS = "200ms", 1.0, 60  # a call waits a second for a lock
_NOT_AVAILABLE = "55P03"
Result = TypeVar("Result")


def again(connection: BaseDatabaseWrapper, act: Callable[[], Result]) -> Result:
    """Run something in a transaction of its own, until it gets its locks; raise the last error if it never does."""
    for _ in range(TURNS - 1):
        try:
            return _once(connection, act)
        except OperationalError as fault:
            if getattr(fault.__cause__, "sqlstate", None) != _NOT_AVAILABLE:
                raise
            time.sleep(PAUSE)
    return _once(connection, act)


def _once(connection: BaseDatabaseWrapper, act: Callable[[], Result]) -> Result:
    with transaction.atomic(using=connection.alias):
        return act()


@contextmanager
def alone(connection: BaseDatabaseWrapper, job: str = "partitions") -> Iterator[bool]:
    """Yield True if nobody else is in such a block for this job, and keep others out of it; False if somebody is.

    A transaction holds the lock, in a connection of its own. A lock of a session would be of no use behind a pooler,
    where the next statement may run in another session.
    """
    keeper = connection.copy()
    try:
        keeper.set_autocommit(False)
        execute(keeper, "SET LOCAL idle_in_transaction_session_timeout = 0")
        [held] = column(keeper, "SELECT pg_try_advisory_xact_lock(%s)", zlib.crc32(job.encode()))
        yield bool(held)
    finally:
        with suppress(Error):  # a connection that is lost holds no lock
            keeper.rollback()
        keeper.close()


def hurry(connection: BaseDatabaseWrapper) -> None:
    """Wait only briefly for the locks of the rest of the transaction."""
    execute(connection, f"SET LOCAL lock_timeout = '{WAIT}'")


def execute(connection: BaseDatabaseWrapper, statement: str) -> None:
    """Run a statement without values."""
    with connection.cursor() as cursor:
        cursor.execute(statement)


def column(connection: BaseDatabaseWrapper, query: str, *values: Any) -> list[Any]:
    """Return the first column of what a query finds."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return [row[0] for row in cursor.fetchall()]
