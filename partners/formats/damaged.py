"""Texts that are not UTF-8, which PostgreSQL refuses. Whoever can write a SQLite file can store any bytes in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from django.db import connection

_DECODED = partial(str, encoding="utf-8", errors="surrogateescape")


@contextmanager
def readable() -> Iterator[None]:
    """In this block, such bytes are read as lone surrogates, which no sound text has, instead of raising an error."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    database = connection.connection
    before, database.text_factory = database.text_factory, _DECODED
    try:
        yield
    finally:
        database.text_factory = before
