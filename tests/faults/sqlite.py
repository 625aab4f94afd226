"""A site whose database is SQLite, in a folder that a fault can fill."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.faults.demonstration import tokens_of
from tests.faults.scenario import Site
from tests.faults.server import serving
from tests.server.deployment import Deployment


@dataclass(frozen=True)
class File:
    """A database file, which can be asked which answers are on record."""

    path: Path

    def recorded(self, request_ids: set[str]) -> set[str]:
        """Return those of the request ids that the ledger has."""
        with closing(sqlite3.connect(self.path, timeout=30)) as connection:
            rows = connection.execute("SELECT request_id FROM partners_requestrecord").fetchall()
        return request_ids & {found for (found,) in rows}


@dataclass(frozen=True)
class SqliteSite(Site):
    """A site whose database is in a folder."""

    folder: Path


@contextmanager
def site(other: Site, folder: Path) -> Iterator[SqliteSite]:
    """Serve a demonstration from a file in this folder."""
    file = folder / "chartero.sqlite3"
    deployment = Deployment(other.server.environment | {"DATABASE_URL": f"sqlite:///{file}"})
    deployment.manage("migrate", "--verbosity", "0")
    tokens = tokens_of(deployment)
    with serving(deployment.environment, other.server.log) as server:
        moved = replace(other, server=server, tokens=tokens, ledgers=(File(file),))
        yield SqliteSite(**vars(moved), folder=folder)
