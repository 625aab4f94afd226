"""Sessions of PostgreSQL with a deadline for each call, and when to give up a session.

The server ends a statement that runs too long (`statement_timeout`) or waits too long for a lock (`lock_timeout`). This
doesn't help if the server itself is silent: stopped, or gone without closing its connections. So each call also has a
deadline on our side.
"""

import math
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import psycopg
from psycopg import errors

from chartero.postgresql.breaker import BREAKER, TRIAL, Paused

Answer = TypeVar("Answer")


class Call:
    """How long the current call waits for the database, and how it fared there."""

    __slots__ = ("answered", "apart", "deadline", "hosts", "in_vain")

    def __init__(self, seconds: float, apart: bool) -> None:
        self.deadline = time.monotonic() + seconds
        self.apart = apart
        self.answered = self.in_vain = False
        self.hosts = 1

    def end_of_attempt(self) -> float:
        """Return until when the call waits for one host. Half of its time is for all hosts, the rest for what it asks.

        A name may have several addresses, so the parts become smaller.
        """
        now = time.monotonic()
        return now + (self.deadline - now) / (2 * self.hosts)


CALL: ContextVar[Call | None] = ContextVar("call", default=None)

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
    """The server did not answer before the deadline of the call. The session is closed."""


# Errors that mean that a call waited in vain.
IN_VAIN = (errors.QueryCanceled, errors.LockNotAvailable, errors.ConnectionTimeout, SilentServer)


class Session(psycopg.Connection[Any]):
    """A connection whose statements don't run beyond the deadline of the call."""

    @classmethod
    def _connect_gen(cls, conninfo: str = "") -> Any:
        """Connect to one address. A call gives up in time for the next one."""
        connecting, call = super()._connect_gen(conninfo), CALL.get()
        return connecting if call is None else _in_time(call.end_of_attempt(), connecting)

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        call = CALL.get()
        if call is None:
            return super().wait(gen, interval, timeout)
        deadline = call.deadline
        return guarded(call, lambda longest: self._wait_until(min(deadline, time.monotonic() + longest), gen, interval))

    def _wait_until(self, deadline: float, gen: Any, interval: float) -> Any:
        try:
            return super().wait(gen, interval, max(deadline - time.monotonic(), 0.0))
        except psycopg.OperationalError:
            if time.monotonic() < deadline:
                raise
            self.pgconn.finish()
            raise SilentServer("the database does not answer") from None


def guarded(call: Call, ask: Callable[[float], Answer]) -> Answer:
    """Return the result of `ask`, which gets the seconds that it may take. Raise Paused during a pause."""
    if call.apart:
        return ask(math.inf)
    trial = BREAKER.enter()
    try:
        answer = ask(TRIAL if trial else math.inf)
    except BaseException as fault:
        if isinstance(fault, IN_VAIN):
            call.in_vain = True
            BREAKER.failed()
        elif trial:  # an immediate error blocks no one, and the call may get a new session
            BREAKER.succeeded()
        raise
    finally:
        BREAKER.leave()
    call.answered = True
    if trial:
        BREAKER.succeeded()
    return answer


@contextmanager
def within(seconds: float, *, apart: bool = False) -> Iterator[None]:
    """Set a deadline, in seconds, for all database work inside.

    Work that is `apart` asks the database even during a pause, and is no reason for one.
    """
    call = Call(seconds, apart)
    outside = CALL.set(call)
    try:
        yield
    finally:
        CALL.reset(outside)
        if call.answered and not call.in_vain:
            BREAKER.answered()


def connected(**parameters: Any) -> Session:
    """Return a new session. A call may wait for it until its deadline, whatever number of hosts there are."""
    call = CALL.get()
    if call is None:
        return Session.connect(**parameters)
    call.hosts = str(parameters.get("host", "")).count(",") + 1
    return guarded(call, lambda _: Session.connect(**parameters))


def _in_time(end: float, connecting: Any) -> Generator[Any, Any, Any]:
    """Connect, but not for longer. A generator of psycopg, which wakes every 0.1 seconds."""
    try:
        wanted = next(connecting)
        while True:
            ready = yield wanted
            if time.monotonic() > end:
                raise errors.ConnectionTimeout("the database does not answer")
            wanted = connecting.send(ready)
    except StopIteration as done:
        return done.value


def is_unfit(fault: BaseException | None) -> bool:
    """Return True if the session is at fault, so that the same statement may succeed in a new one."""
    cause = None if fault is None else fault.__cause__
    if not isinstance(cause, psycopg.Error) or isinstance(cause, (*IN_VAIN, Paused)):
        return False
    connecting = cause.pgconn is not None
    lost = isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError) and cause.sqlstate is None
    return cause.sqlstate in UNFIT or (lost and not connecting)
