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


# Errors that stay in a session whatever the statement. A new session may reach another server, or plan for the current
# tables (PostgreSQL manual, appendix A). Those of a session that goes on, a pooler would hand to others.
STALE = frozenset(
    {
        "25006",  # read_only_sql_transaction: the server is no longer the primary, or is read-only
        "0A000",  # feature_not_supported: cached plan must not change result type
    }
)
UNFIT = STALE | frozenset(
    {
        "08P01",  # protocol_violation: the pooler lost the server, or got no session in time
        "26000",  # invalid_sql_statement_name: the prepared statement is gone
        "57P01",  # admin_shutdown
        "57P02",  # crash_shutdown
        "57P03",  # cannot_connect_now
        "57P05",  # idle_session_timeout
    }
)


class RefusedOptions(psycopg.OperationalError):
    """A pooler refused the options of the session."""


class SilentServer(psycopg.OperationalError):
    """The server did not answer in time. The session is closed."""


SILENT = (errors.ConnectionTimeout, SilentServer)
# Errors that mean that a call waited in vain. A page may wait for locks and for slow statements that no call meets.
IN_VAIN = (errors.QueryCanceled, errors.LockNotAvailable, *SILENT)


class Limit:
    """How long a call or a page waits for the database, and how it fared there."""

    __slots__ = ("_deadline", "_seconds", "answered", "apart", "hosts", "in_vain", "signs")

    def __init__(self, seconds: float, *, for_each: bool = False, apart: bool = False) -> None:
        self._seconds = seconds
        self._deadline = None if for_each else time.monotonic() + seconds
        self.signs = SILENT if for_each else IN_VAIN
        self.apart = apart
        self.answered = self.in_vain = False
        self.hosts = 1

    @property
    def deadline(self) -> float:
        """Return when a statement that begins now must be answered (`time.monotonic`)."""
        return time.monotonic() + self._seconds if self._deadline is None else self._deadline

    def end_of_attempt(self) -> float:
        """Return when to give up one host. Half of the time is for all hosts, the rest for the statements.

        A name may have several addresses, so the parts become smaller.
        """
        now = time.monotonic()
        return now + (self.deadline - now) / (2 * self.hosts)


# The limit of the current call or page. None outside of them: commands wait as long as it takes.
LIMIT: ContextVar[Limit | None] = ContextVar("limit", default=None)


class Session(psycopg.Connection[Any]):
    """A connection whose statements don't run beyond the deadline of the call or page."""

    @classmethod
    def _connect_gen(cls, conninfo: str = "") -> Any:
        """Connect to one address. A call or page gives up in time for the next one."""
        connecting, limit = super()._connect_gen(conninfo), LIMIT.get()
        return connecting if limit is None else _in_time(limit.end_of_attempt(), connecting)

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        limit = LIMIT.get()
        if limit is None:
            return super().wait(gen, interval, timeout)
        deadline = limit.deadline
        return guarded(
            limit, lambda longest: self._wait_until(min(deadline, time.monotonic() + longest), gen, interval)
        )

    def _wait_until(self, deadline: float, gen: Any, interval: float) -> Any:
        try:
            return super().wait(gen, interval, max(deadline - time.monotonic(), 0.0))
        except psycopg.OperationalError:
            if time.monotonic() < deadline:
                raise
            self.pgconn.finish()
            raise SilentServer("the database does not answer") from None


def guarded(limit: Limit, ask: Callable[[float], Answer]) -> Answer:
    """Return the result of `ask`, which gets the seconds that it may take. Raise Paused during a pause."""
    if limit.apart:
        return ask(math.inf)
    trial = BREAKER.enter()
    try:
        answer = ask(TRIAL if trial else math.inf)
    except BaseException as fault:
        if isinstance(fault, limit.signs):
            limit.in_vain = True
            BREAKER.failed()
        elif trial:  # an immediate error blocks no one, and the call may get a new session
            BREAKER.succeeded()
        raise
    finally:
        BREAKER.leave()
    limit.answered = True
    if trial:
        BREAKER.succeeded()
    return answer


@contextmanager
def within(seconds: float, *, apart: bool = False) -> Iterator[None]:
    """Set a deadline, in seconds, for all database work inside.

    Work that is `apart` asks the database even during a pause, and is no reason for one.
    """
    limit = Limit(seconds, apart=apart)
    outside = LIMIT.set(limit)
    try:
        yield
    finally:
        LIMIT.reset(outside)
        if limit.answered and not limit.in_vain:
            BREAKER.answered()


@contextmanager
def each_within(seconds: float) -> Iterator[None]:
    """Set a deadline, in seconds, for each statement inside. Only a silent server is a reason for a pause."""
    outside = LIMIT.set(Limit(seconds, for_each=True))
    try:
        yield
    finally:
        LIMIT.reset(outside)


def connected(**parameters: Any) -> Session:
    """Return a new session. A call or page waits for it until its deadline, whatever number of hosts there are."""
    limit = LIMIT.get()
    try:
        if limit is None:
            return Session.connect(**parameters)
        limit.hosts = str(parameters.get("host", "")).count(",") + 1
        return guarded(limit, lambda _: Session.connect(**parameters))
    except psycopg.OperationalError as fault:
        if "unsupported startup parameter" not in str(fault):
            raise
        raise RefusedOptions("a pooler is in front of PostgreSQL: set CHARTERO_POOLER=transaction") from fault


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
