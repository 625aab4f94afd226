"""A session of PostgreSQL that a call does not wait for longer than it may, and when to give one up.

The server ends a statement that runs too long (`statement_timeout`) or waits too long for a lock (`lock_timeout`). That
does not help where the server itself is silent: stopped, or gone without closing its connections. So a call has a
deadline of its own, which this side keeps.
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

CONNECTING = 2  # seconds that a call waits for a new session, whatever others may: the least that libpq takes

# When the call that this thread answers stops waiting for the database (`time.monotonic`); None outside a call.
DEADLINE: ContextVar[float | None] = ContextVar("deadline", default=None)

# What a session tells of itself that no statement in it can change, while a new one may be on another server, or be
# planned by today's tables (PostgreSQL manual, appendix A).
UNFIT = frozenset(
    {
        "25006",  # read_only_sql_transaction: its server is no longer the primary, or was switched to reading
        "0A000",  # feature_not_supported: cached plan must not change result type
        "26000",  # invalid_sql_statement_name: what was prepared is gone
        "57P01",  # admin_shutdown
        "57P02",  # crash_shutdown
        "57P03",  # cannot_connect_now
        "57P05",  # idle_session_timeout
    }
)


class SilentServer(psycopg.OperationalError):
    """The server said nothing for as long as the call could wait. The session is closed."""


# A call that has waited this long has waited in vain.
IN_VAIN = (errors.QueryCanceled, errors.LockNotAvailable, errors.ConnectionTimeout, SilentServer)


class Session(psycopg.Connection[Any]):
    """A connection that no statement of a call keeps busy beyond the call's deadline."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        deadline = DEADLINE.get()
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
    """Return what the database says to a call; `ask` gets the seconds that it may take. Paused where it may not ask."""
    trial = BREAKER.enter()
    try:
        answer = ask(TRIAL if trial else math.inf)
    except BaseException as fault:
        if isinstance(fault, IN_VAIN):
            BREAKER.failed()
        elif trial:  # a fault that comes at once holds up nobody, and a call may have a new session for it
            BREAKER.succeeded()
        raise
    if trial:
        BREAKER.succeeded()
    return answer


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Give what happens inside this many seconds for all that it asks of the database."""
    outside = DEADLINE.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        DEADLINE.reset(outside)


def connected(**parameters: Any) -> Session:
    """Return a new session; a call waits for one as short as libpq can, and not at all if less time is left."""
    deadline = DEADLINE.get()
    if deadline is None:
        return Session.connect(**parameters)
    if deadline - time.monotonic() < CONNECTING:
        raise SilentServer("no time is left to connect")
    return guarded(lambda _: Session.connect(**parameters | {"connect_timeout": CONNECTING}))


def is_unfit(fault: BaseException | None) -> bool:
    """Return True if a fault is the session's, so that the same statement may succeed on a new one."""
    cause = None if fault is None else fault.__cause__
    if not isinstance(cause, psycopg.Error) or isinstance(cause, SilentServer | Paused):
        return False
    connecting = cause.pgconn is not None
    lost = isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError) and cause.sqlstate is None
    return cause.sqlstate in UNFIT or (lost and not connecting)
