"""Whether what is in front of PostgreSQL fits the settings: a pooler such as PgBouncer, or nothing.

A pooler in transaction mode gives each transaction any session that is free. So we keep nothing in a session, and the
limits that a session gets from us without a pooler have to come from the pool or from the role.
"""

from typing import NamedTuple

from django.db import OperationalError, ProgrammingError

from chartero.postgresql import plans
from chartero.postgresql.base import DatabaseWrapper
from chartero.postgresql.prepared import NAME
from chartero.postgresql.sessions import RefusedOptions

LONGEST = 2.2  # seconds: a call or page waits no longer for a statement


class Misfit(NamedTuple):
    """What doesn't fit, with the id of its system check, and what to do."""

    id: str
    what: str
    hint: str

    @property
    def is_error(self) -> bool:
        return ".E" in self.id


UNSAID = Misfit(
    "chartero.E030",
    "A pooler is in front of PostgreSQL, but CHARTERO_POOLER says that there is none.",
    "Set CHARTERO_POOLER=transaction, or let DATABASE_URL name PostgreSQL itself.",
)
UNLIMITED = Misfit(
    "chartero.E031",
    f"The pool lets a statement of a web process run, or wait for a lock, for more than {LONGEST} seconds.",
    "Set statement_timeout and lock_timeout for the pool, as docs/operation.md (PgBouncer) describes.",
)
NOT_PASSED_ON = Misfit(
    "chartero.E032",
    "The pooler does not pass on prepared statements.",
    "Set max_prepared_statements in PgBouncer 1.21 or later, or set CHARTERO_POOLER=transaction.",
)
LIMITED = Misfit(
    "chartero.W033",
    "The pool ends the statements of commands, which can take longer than those of a call.",
    "Let DATABASE_URL of commands name a pool without limits, as docs/operation.md (PgBouncer) describes.",
)
NO_POOLER = Misfit(
    "chartero.W034",
    "CHARTERO_POOLER is set, but no pooler is in front of PostgreSQL.",
    "Unset CHARTERO_POOLER: without it, calls need less time.",
)
_SESSION = """
SELECT pg_backend_pid(), extract(epoch FROM current_setting('statement_timeout')::interval),
    extract(epoch FROM current_setting('lock_timeout')::interval)
"""
_NAMES = "SELECT name FROM pg_prepared_statements"


def misfits(connection: DatabaseWrapper, *, web_process: bool) -> list[Misfit]:
    """Return what doesn't fit between the settings of this connection and what is in front of PostgreSQL."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(_SESSION)
            pid, *limits = cursor.fetchone()
    except OperationalError as fault:
        if isinstance(fault.__cause__, RefusedOptions):
            return [UNSAID]
        raise
    is_there = pid != connection.connection.info.backend_pid  # a pooler invents the number that it gives a client
    if not connection.is_pooled:
        return [UNSAID] if is_there else []
    found = [] if is_there else [NO_POOLER]
    if is_there and connection.prepares and not _passed_on(connection):
        found.append(NOT_PASSED_ON)
    if web_process:
        return found if all(0 < limit <= LONGEST for limit in limits) else [*found, UNLIMITED]
    return [*found, LIMITED] if any(limits) else found


def _passed_on(connection: DatabaseWrapper) -> bool:
    """Return True if prepared statements are found in any session, for which the pooler gives them other names."""
    try:
        with plans.made_once():
            result = connection.run_prepared(_NAMES, ())
    except ProgrammingError:  # prepared in another session, or two clients have given the same name
        return False
    return result is None or not any(name.startswith(NAME) for (name,) in result[0])
