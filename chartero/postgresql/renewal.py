"""Sessions of a pooler that have become stale are ended, because it would hand them out again for an hour.

They are on a server that takes no more writes, or have planned for tables that have changed.
"""

import time
from contextlib import suppress

from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper

from chartero.postgresql.sessions import STALE

EVERY = 1.0  # seconds between two times that a process does so
# Only idle sessions of web processes: one that works belongs to another call, and one of another program may not be the
# pool's. Each has this many milliseconds to end. Our own comes last, because it ends with the statement.
_END = """
SELECT pg_terminate_backend(pid, 200) FROM (
    SELECT pid FROM pg_stat_activity
    WHERE usename = current_user AND datname = current_database()
        AND (state = 'idle' AND application_name = current_setting('application_name') OR pid = pg_backend_pid())
    ORDER BY pid = pg_backend_pid()
) AS session
"""


class Renewal:
    """Gives up sessions that are at fault, so that the next one is new."""

    def __init__(self) -> None:
        self._next = 0.0

    def after(self, fault: BaseException | None, connection: BaseDatabaseWrapper) -> None:
        """Give up the session of this connection. If a pooler keeps stale ones, end all that are idle."""
        connection.close()
        if not getattr(connection, "is_pooled", False) or not _is_stale(fault) or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + EVERY
        with suppress(Error), connection.cursor() as cursor:
            cursor.execute(_END)
        connection.close()


RENEWAL = Renewal()


def _is_stale(fault: BaseException | None) -> bool:
    return getattr(getattr(fault, "__cause__", None), "sqlstate", None) in STALE
