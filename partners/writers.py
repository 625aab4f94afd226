"""Wait for the transactions that write a table, so that nothing which is committed late is missed.

Ids are assigned in order but committed out of order. Whoever has read the highest id and then waited here sees every
row up to it: a later statement finds what was committed, and nothing with a smaller id can be added any more. Writers
are never blocked.
"""

import time

from django.db import connection

PATIENCE = 2.0  # seconds to wait
_PAUSE = 0.005

# A writer has this lock before it takes an id and keeps it until its commit can be seen.
_WRITERS = """
SELECT virtualtransaction FROM pg_locks
WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND relation = to_regclass(%s) AND mode = 'RowExclusiveLock' AND granted AND pid <> pg_backend_pid()
"""


def ended(table: str, patience: float = PATIENCE) -> bool:
    """Wait until every transaction that may write the table now has ended; return False if it takes too long.

    Nothing to wait for on SQLite, which has one writer at a time.
    """
    if connection.vendor != "postgresql":
        return True
    until, writing = time.monotonic() + patience, _writing(table)
    while writing and time.monotonic() < until:
        time.sleep(_PAUSE)
        writing &= _writing(table)
    return not writing


def _writing(table: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(_WRITERS, [table])
        return {transaction for (transaction,) in cursor.fetchall()}
