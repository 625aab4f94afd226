"""Sessions of PostgreSQL with a deadline for calls and pages, and when to give up a session.

The server ends a statement that runs too long (`statement_timeout`) or waits too long for a lock (`lock_timeout`). This
doesn't help if the server itself is silent: stopped, or gone without closing its connections. So each call, and each
statement of a page, also has a deadline on our side.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import psycopg
from psycopg import errors

from chartero.postgresql.breaker import BREAKER, TRIAL, Paused

Answer = TypeVar("Answer")

CONNECTING = 2  # seconds that a call waits for a new session: the minimum of libpq

# When the current call stops waiting for the database (`time.monotonic`). None outside a call.
DEADLINE: ContextVar[float | None] = ContextVar("deadline", default=None)

# How long each statement of the current page may take, in seconds. None outside a page.
STATEMENT_SECONDS: ContextVar[float | None] = ContextVar("statement_seconds", default=None)

# Errors that stay in a session whatever the statement. A new session may reach another server, or plan for the current
# tables (PostgreSQL manual, appendix A).
UNFIT = frozenset(
    {
        "25006",  # read_only_sql_transaction: the server is no longer the primary, or is read-only
        "0A000",  # feature_not_supported: cached plan must not change result type
        "26000",  # invalid_sql_statement_name: the prepared statement is gone
        "57P01",  # admin_shutdown
        "57P02",  # crash_shutdown
        "57P03",  # cannot_connect_now
        "57P05",  # idle_session_timeout
    }
)


class SilentServer(psycopg.OperationalError):
    """The server did not answer before the deadline. The session is closed."""


# Errors that mean that a page waited for a silent server.
SILENT = (errors.ConnectionTimeout, SilentServer)
# Errors that mean that a call waited in vain. The statements of pages may be slow, or wait for locks, that calls don't
# meet.
IN_VAIN = (errors.QueryCanceled, errors.LockNotAvailable, *SILENT)


class Session(psycopg.Connection[Any]):
    """A connection whose statements don't run beyond the deadline of the call or page."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        deadline = _deadline()
        if deadline is None:
            return super().wait(gen, interval, timeout)
        return guarded(lambda longest: self._wait_until(min(deadline, time.monotonic() + longest), gen, interval))

    def _wait_until(self, deadline: float, gen: Any, interval: float) -> Any:
        try:
            return super().wait(gen, interval, max(deadline - time.monotonic(), 0.0))
        except psycopg.OperationalError:
            if time.monotonic() < deadline:
                raise
            self.pgconn.finish()
            raise SilentServer("the database does not answer") from None


def guarded(ask: Callable[[float], Answer]) -> Answer:
    """Return the result of `ask`, which gets the seconds that it may take. Raise Paused during a pause."""
    trial = BREAKER.enter()
    try:
        answer = ask(TRIAL if trial else math.inf)
    except BaseException as fault:
        if isinstance(fault, IN_VAIN if STATEMENT_SECONDS.get() is None else SILENT):
            BREAKER.failed()
        elif trial:  # an immediate error blocks no one, and the call may get a new session
            BREAKER.succeeded()
        raise
    if trial:
        BREAKER.succeeded()
    return answer


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Set a deadline, in seconds, for all database work inside."""
    outside = DEADLINE.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        DEADLINE.reset(outside)


@contextmanager
def each_within(seconds: float) -> Iterator[None]:
    """Set a deadline, in seconds, for each statement inside."""
    outside = STATEMENT_SECONDS.set(seconds)
    try:
        yield
    finally:
        STATEMENT_SECONDS.reset(outside)


def connected(**parameters: Any) -> Session:
    """Return a new session. Calls and pages wait as briefly as libpq allows; SilentServer if less time is left."""
    deadline = _deadline()
    if deadline is None:
        return Session.connect(**parameters)
    if deadline - time.monotonic() < CONNECTING:
        raise SilentServer("no time is left to connect")
    return guarded(lambda _: Session.connect(**parameters | {"connect_timeout": CONNECTING}))


def _deadline() -> float | None:
    """Return when a statement that begins now must be answered (`time.monotonic`). None outside calls and pages."""
    seconds = STATEMENT_SECONDS.get()
    return DEADLINE.get() if seconds is None else time.monotonic() + seconds


def is_unfit(fault: BaseException | None) -> bool:
    """Return True if the session is at fault, so that the same statement may succeed in a new one."""
    cause = None if fault is None else fault.__cause__
    if not isinstance(cause, psycopg.Error) or isinstance(cause, SilentServer | Paused):
        return False
    connecting = cause.pgconn is not None
    lost = isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError) and cause.sqlstate is None
    return cause.sqlstate in UNFIT or (lost and not connecting)
