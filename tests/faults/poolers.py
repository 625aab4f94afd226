"""PgBouncer between the web server and its database."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from tests import pgbouncer
from tests.pgbouncer import Pooler

POOLER = os.environ.get("CHARTERO_POOLER", "transaction")


@contextmanager
def in_front(url: str, **more: str) -> Iterator[tuple[Pooler, dict[str, str]]]:
    """Run PgBouncer in front of a database as its file says, and yield it with the environment of the web server."""
    place, name = urlsplit(url), url.rpartition("/")[2]
    entry = pgbouncer.entries(str(place.port), name)["chartero"]
    with pgbouncer.running({name: entry}, **pgbouncer.passing_on(POOLER), **more) as pooler:
        pooled = f"postgres://postgres@127.0.0.1:{pooler.port}/{name}"
        yield pooler, {"DATABASE_URL": pooled, "CHARTERO_POOLER": POOLER}
