"""Read from a streaming replica what it has as the primary has it, and from the primary everything else.

Two questions decide. The primary says which transaction changed last what the organization is served, as the log of
changes has it. The replica says whether it has heard of all transactions up to that one, whether it lags, and whether
it follows this primary: after a failover, two servers give the same ids to other transactions. A replica only moves
forward, so what it reads afterwards is at least as new: nothing that was withdrawn or withheld before the call's
verdict is served. Only what is served comes from it. Verdicts, records and the log of changes come from the primary,
and so does a refusal that the replica suggests.
"""

import logging
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.dispatch import Signal

from partners.formats import traces
from partners.statements import Statement

Answer = TypeVar("Answer")
ALIAS = "replica"
PAUSE = 2.0  # seconds after a fault until one call asks the replica again
SLOW = 0.5  # seconds for all that a call asks: more is a fault
logger = logging.getLogger(__name__)
read_from = Signal()  # sent for each call, with its `outcome`, where there is a replica

# Each failover begins a timeline. A replica notes a new one a little after it has begun to follow it.
_OF_TIMELINES = {
    "timeline": "CAST(CAST('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8) AS bit(32)) AS integer)",
    "followed": "(SELECT min_recovery_end_timeline FROM pg_control_recovery())",
}
# The era changes with what is not logged: whether the organization receives names.
_LAST = """
SELECT {timeline},
    coalesce((SELECT max(position) FROM encounters_encounterchange WHERE organization_id = %s), 0),
    coalesce((SELECT era FROM encounters_changehorizon WHERE organization_id = %s), 0)
"""
# All transactions below the snapshot's xmin have ended, and the replica has heard how (PostgreSQL manual, 9.27.9).
_HEARD = """
SELECT pg_is_in_recovery() AND clock_timestamp() - pg_last_xact_replay_timestamp() <= make_interval(secs => %s)
    AND {followed} = %s
    AND CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint) > %s
    AND coalesce((SELECT era FROM encounters_changehorizon WHERE organization_id = %s), 0) = %s
"""
_OF_PRIMARY = "SELECT system_identifier, {timeline} FROM pg_control_system()"
_OF_REPLICA = "SELECT system_identifier, {followed}, pg_is_in_recovery() FROM pg_control_system()"
_LAST_CHANGE, _HAS_HEARD = (Statement(each.format(**_OF_TIMELINES)) for each in (_LAST, _HEARD))


class Outcome(StrEnum):
    """Where a call was answered from, and why not from the replica."""

    REPLICA = "replica"
    BEHIND = "behind"  # it lacks a change, lags, or doesn't follow this primary
    REFUSAL = "refusal"  # it has nothing to serve; the primary refuses the call, or serves it
    FAULT = "fault"  # it failed, or didn't answer in time
    RESTING = "resting"  # it is left alone after a fault


class Rest:
    """Whether the replica is left alone after a fault. Each process finds out for itself."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next_try: float | None = None  # None if all is well

    def may_ask(self) -> bool:
        """Return True if this call may ask. During a rest, one call does so every two seconds."""
        with self._lock:
            if self._next_try is None:
                return True
            now = time.monotonic()
            if now < self._next_try:
                return False
            self._next_try = now + PAUSE
            return True

    def begin(self, fault: Exception) -> None:
        """Leave the replica alone. The log says so once."""
        with self._lock:
            is_new, self._next_try = self._next_try is None, time.monotonic() + PAUSE
        if is_new:
            logger.warning("the replica is left alone", extra={"exception": traces.kind(fault)})

    def end(self) -> None:
        """Ask the replica again."""
        self._next_try = None


REST = Rest()


def read(
    organization_pk: int, ask: Callable[[str], Answer], is_served: Callable[[Answer], bool] = lambda answer: True
) -> Answer:
    """Return what `ask` finds in a database: in the replica, if that has what is served, else in the primary."""
    if ALIAS in connections.settings:
        answer, outcome = _found(organization_pk, ask) if REST.may_ask() else (None, Outcome.RESTING)
        if answer is not None and not is_served(answer):
            answer, outcome = None, Outcome.REFUSAL
        read_from.send(sender=None, outcome=outcome)
        if answer is not None:
            return answer
    return ask(DEFAULT_DB_ALIAS)


def _found(organization_pk: int, ask: Callable[[str], Answer]) -> tuple[Answer | None, Outcome]:
    """Return what the replica has, and why not if it lacks a change or doesn't answer."""
    [[*place, era]] = _LAST_CHANGE.rows(organization_pk, organization_pk)
    begun = time.monotonic()
    try:
        [[has_heard]] = _HAS_HEARD.rows(settings.REPLICA_MAX_LAG, *place, organization_pk, era, using=ALIAS)
        answer = ask(ALIAS) if has_heard else None
    except Exception as fault:  # whatever it is: the primary can answer
        connections[ALIAS].close()
        REST.begin(fault)
        return None, Outcome.FAULT
    if time.monotonic() - begun > SLOW:
        REST.begin(TimeoutError())
    else:
        REST.end()
    return answer, Outcome.REPLICA if has_heard else Outcome.BEHIND


def fault() -> str:
    """Return what is wrong with the replica of the settings, or "" if it follows the primary."""
    expected, timeline = _asked(DEFAULT_DB_ALIAS, _OF_PRIMARY)
    try:
        system, followed, follows = _asked(ALIAS, _OF_REPLICA)
    except Exception:  # a host name that can't be encoded raises none of Django's errors
        return "it doesn't answer"
    if system != expected:
        return "it has the data of another server"
    if not follows:
        return "it is a primary"
    return "" if followed == timeline else "it follows another primary, or hasn't noted the last failover yet"


def _asked(alias: str, sql: str) -> Any:
    with connections[alias].cursor() as cursor:
        cursor.execute(sql.format(**_OF_TIMELINES))
        return cursor.fetchone()
