"""What a run must remember of its own files: in a private database file that vanishes with it, so that memory is flat.

References by identifier resolve among these files alone: identifiers (which hold social security numbers) are never
stored, and here only their digests under a key of this run are kept.
"""

import hashlib
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from encounters.fhir.references import Reference

TABLES = """
PRAGMA journal_mode = OFF;
CREATE TABLE urls (digest BLOB PRIMARY KEY, type TEXT, id TEXT) WITHOUT ROWID;
CREATE TABLE identifiers (digest BLOB, id TEXT, PRIMARY KEY (digest, id)) WITHOUT ROWID;
CREATE TABLE organizations (id TEXT PRIMARY KEY, name TEXT) WITHOUT ROWID;
CREATE TABLE replaced (id TEXT PRIMARY KEY) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Target:
    """The resource that a reference means; the type is not told by a URN of an unknown resource."""

    type: str | None
    id: str


class Index:
    """Full URLs, identifiers, names of organizations and replaced documents of one run."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._database = sqlite3.connect("")  # SQLite's own temporary file, gone when it is closed, or the process is
        self._database.executescript(TABLES)

    def close(self) -> None:
        """Forget everything."""
        self._database.close()

    def add_url(self, scope: str, url: str, target: Target) -> None:
        """Note under which full URL a Bundle has a resource."""
        values = (self._digest(scope, url), target.type, target.id)
        self._database.execute("INSERT OR REPLACE INTO urls VALUES (?, ?, ?)", values)

    def add_identifiers(self, target: Target, identifiers: Iterable[str]) -> None:
        """Note the identifiers, `system|value`, of a resource."""
        rows = [(self._digest(target.type or "", each), target.id) for each in identifiers]
        self._database.executemany("INSERT OR IGNORE INTO identifiers VALUES (?, ?)", rows)

    def add_organization(self, source_id: str, name: str) -> None:
        """Note an organization's name."""
        self._database.execute("INSERT OR REPLACE INTO organizations VALUES (?, ?)", (source_id, name))

    def add_replaced(self, source_ids: Iterable[str]) -> None:
        """Note documents that others replace."""
        self._database.executemany("INSERT OR IGNORE INTO replaced VALUES (?)", [(each,) for each in source_ids])

    def target(self, reference: Reference, scope: str) -> Target | None:
        """Return what a reference of a resource in this Bundle means; None if that cannot be told."""
        if scope and (target := self._by_url(scope, reference.text)):
            return target
        if reference.identifier is not None:
            return self._by_identifier(reference)
        return None if reference.id is None else Target(reference.type, reference.id)

    def organization_name(self, reference: Reference, scope: str) -> str | None:
        """Return the name of the organization that a reference means."""
        target = self.target(reference, scope)
        query = "SELECT name FROM organizations WHERE id = ?"
        found = target and self._database.execute(query, (target.id,)).fetchone()
        return str(found[0]) if found else None

    def replaced(self) -> Iterator[str]:
        """Yield the replaced documents."""
        yield from (source_id for (source_id,) in self._database.execute("SELECT id FROM replaced"))

    def _by_url(self, scope: str, url: str) -> Target | None:
        query = "SELECT type, id FROM urls WHERE digest = ?"
        found = self._database.execute(query, (self._digest(scope, url),)).fetchone()
        return Target(*found) if found else None

    def _by_identifier(self, reference: Reference) -> Target | None:
        digest = self._digest(reference.type or "", reference.identifier or "")
        query = "SELECT id FROM identifiers WHERE digest = ? LIMIT 2"
        found = self._database.execute(query, (digest,)).fetchall()
        return Target(reference.type, found[0][0]) if len(found) == 1 else None

    def _digest(self, scope: str, text: str) -> bytes:
        return hashlib.blake2b(f"{scope}\0{text}".encode(), key=self._key, digest_size=16).digest()
