"""A job that runs once at a time, whoever else starts it."""

import fcntl
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection


@contextmanager
def only_run(job: str) -> Iterator[bool]:
    """Tell whether this run of a job has it to itself until the end; False while another run is under way.

    PostgreSQL holds the lock for the connection (an advisory lock). SQLite, which one machine alone opens, has nothing
    that would not keep out the web processes too: there it is a lock on a file in `CHARTERO_DATA_DIR`.
    """
    if connection.vendor == "postgresql":
        with _advisory_lock(zlib.crc32(job.encode())) as held:
            yield held
    else:
        with _file_lock(Path(settings.DATA_DIR) / f"{job}.lock") as held:
            yield held


@contextmanager
def _advisory_lock(number: int) -> Iterator[bool]:
    held = _asked("SELECT pg_try_advisory_lock(%s)", number)
    try:
        yield held
    finally:
        if held:
            _asked("SELECT pg_advisory_unlock(%s)", number)


def _asked(sql: str, number: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(sql, [number])
        return bool(cursor.fetchone()[0])


@contextmanager
def _file_lock(path: Path) -> Iterator[bool]:
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600)) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
