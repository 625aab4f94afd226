"""Long work in many short transactions, with time for partners' calls between them.

SQLite has one writer at a time. Others wait, and look ten times a second whether it is their turn. So work that starts
its next transaction at once may never let them in.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

PAUSE = 0.1  # seconds, in which everybody who waits looks at least once


@contextmanager
def step() -> Iterator[None]:
    """Run the block in one transaction of many. On SQLite, pause after it."""
    with transaction.atomic():
        yield
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        time.sleep(PAUSE)
