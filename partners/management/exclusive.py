"""Locks for jobs that must not run twice at the same time, or whose steps must take turns."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

from partners.partitions import patience


@contextmanager
def only_run(job: str) -> Iterator[bool]:
    """Yield True if this is the only run of the job, and hold the lock until the block ends; False if another runs.

    On PostgreSQL, this is an advisory lock. Any lock that SQLite offers would block the web processes too. But a SQLite
    file is used on one machine only, so a lock on a file in `CHARTERO_DATA_DIR` is enough.
    """
    if connection.vendor == "postgresql":
        with patience.alone(connection, job) as held:
            yield held
    else:
        with _file_lock(job) as held:
            yield held


@contextmanager
def turn(job: str) -> Iterator[None]:
    """Wait until no other process is in such a block, and keep others out of it. For SQLite only."""
    with _file_lock(job, wait=True):
        yield


@contextmanager
def _file_lock(job: str, *, wait: bool = False) -> Iterator[bool]:
    path = Path(settings.DATA_DIR) / f"{job}.lock"
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600)) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True
