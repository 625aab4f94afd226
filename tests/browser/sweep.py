"""A search of all that a deployment keeps for secrets that it must not keep."""

import base64
import binascii
import re
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.server.deployment import Deployment

Places = Iterator[tuple[str, str]]
SIGNED = re.compile(r"(\.?)([\w-]+):\w+:[\w-]+")
TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgres": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}


def sweep(deployment: Deployment, secrets: Iterable[str], traces: Iterable[tuple[str, str]] = ()) -> list[str]:
    """Return every place in the database, the files (the log is one) and the browsers' traces that holds a secret."""
    parts = {part for secret in secrets for part in telling_parts(secret)}
    places = [*_columns(deployment), *_files(Path(deployment.environment["CHARTERO_DATA_DIR"])), *traces]
    return sorted({place for place, text in places for reading in readings(text) if any(p in reading for p in parts)})


def telling_parts(secret: str) -> tuple[str, ...]:
    """Return what gives a secret away: for an API key either half of its secret run, else the whole."""
    if not secret.startswith("ch_sk_"):
        return (secret,)
    run = secret[-49:-6]
    return run[:16], run[-16:]


def readings(text: str) -> Iterator[str]:
    """Yield the text, and what it says if it is a signed value of Django: a session, a cookie of messages."""
    yield text
    if (signed := SIGNED.fullmatch(text)) is None:
        return
    compressed, body = signed.groups()
    try:
        content = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        yield (zlib.decompress(content) if compressed else content).decode("latin-1")
    except (binascii.Error, zlib.error):
        return


def _columns(deployment: Deployment) -> Places:
    url = deployment.environment["DATABASE_URL"]
    vendor = url.partition(":")[0].removesuffix("ql")
    with closing(_connect(url)) as connection:
        cursor = connection.cursor()
        for (table,) in cursor.execute(TABLES[vendor]).fetchall():
            rows = cursor.execute(f'SELECT * FROM "{table}"').fetchall()
            names = [column[0] for column in cursor.description]
            yield from (
                (f"column {table}.{name}", _text(value)) for row in rows for name, value in zip(names, row, strict=True)
            )


def _connect(url: str) -> Any:
    if url.startswith("sqlite"):
        return sqlite3.connect(url.removeprefix("sqlite:///"))
    import psycopg

    return psycopg.connect(url)


def _text(value: object) -> str:
    return bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)


def _files(folder: Path) -> Places:
    """Read every file as it lies there: what SQLite has deleted may still be in its pages."""
    for file in folder.rglob("*"):
        if file.is_file():
            yield f"file {file.relative_to(folder)}", file.read_bytes().decode("latin-1")
