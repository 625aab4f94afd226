"""What a run remembers of its own files. It is kept in a temporary database file, so that memory use stays constant.

References by identifier are resolved in these files only. Identifiers, which include social security numbers, are never
stored: the index holds only their digests, made with a key of this run.
"""

import hashlib
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from encounters.fhir.references import Reference
from encounters.importing.rows import Target

TABLES = """
PRAGMA journal_mode = OFF;
CREATE TABLE urls (digest BLOB PRIMARY KEY, type TEXT, id TEXT, server TEXT) WITHOUT ROWID;
CREATE TABLE ids (digest BLOB PRIMARY KEY, url BLOB) WITHOUT ROWID;
CREATE TABLE homes (digest BLOB, server TEXT, PRIMARY KEY (digest, server)) WITHOUT ROWID;
CREATE TABLE identifiers (digest BLOB, id TEXT, server TEXT, PRIMARY KEY (digest, id, server)) WITHOUT ROWID;
CREATE TABLE organizations (id TEXT, server TEXT, name TEXT, PRIMARY KEY (id, server)) WITHOUT ROWID;
CREATE TABLE binaries (id TEXT, scope TEXT, server TEXT, type TEXT, data TEXT);
CREATE INDEX binary ON binaries (id);
CREATE TABLE replaced (id TEXT, server TEXT, PRIMARY KEY (id, server)) WITHOUT ROWID;
"""


NAMES = 1_000  # of organizations, kept in memory
IDENTIFIERS = 1_000  # so many are stored at once


@dataclass(frozen=True, slots=True)
class Binary:
    """A text in base64 and its media type."""

    content_type: str
    data: str

    def as_attachment(self) -> dict[str, str]:
        """Return the elements of an attachment with this text."""
        return {"contentType": self.content_type, "data": self.data}


class Index:
    """The full URLs, identifiers, names of organizations and replaced documents of one run.

    Ids are unique on one server only. As long as everything known from a source comes from one server, an id is enough
    to identify a resource. With several servers, the server must be known too.
    """

    def __init__(self, servers: Iterable[str] = ()) -> None:
        self._key = secrets.token_bytes(32)
        self._servers = set(servers)
        self._any_taken = False  # while it is False, no look-up is needed
        self._database = sqlite3.connect("")  # a temporary file that is deleted when it is closed or the process ends
        self._database.executescript(TABLES)
        self._name = lru_cache(NAMES)(self._name_of)  # many encounters took place at few organizations
        self._identifiers: list[tuple[bytes, str, str]] = []  # those not stored yet

    def close(self) -> None:
        self._database.close()

    def add_url(self, scope: str, url: Reference, found: Target) -> bool:
        """Add the full URL of a resource in a Bundle. Return False if another full URL already has the resource's id.

        A full URL of two resources resolves to neither of them.
        """
        name = self._digest(scope, url.entry(None))
        of_id = self._digest(scope, f"{found.type}/{found.id}")
        self._database.execute("INSERT OR IGNORE INTO ids VALUES (?, ?)", (of_id, name))
        is_its_own = self._first_url(of_id) == name
        self._any_taken |= not is_its_own
        self._database.execute(
            "INSERT INTO urls VALUES (?, ?, ?, ?) ON CONFLICT (digest) DO UPDATE SET id = NULL"
            " WHERE id IS NOT excluded.id OR type IS NOT excluded.type",
            (name, found.type, found.id if is_its_own else None, found.server or ""),
        )
        if found.server:
            home = (self._digest("", f"{found.type}/{found.id}"), found.server)
            self._database.execute("INSERT OR IGNORE INTO homes VALUES (?, ?)", home)
            if len(self._servers) < 2:
                self._servers.add(found.server)
        return is_its_own

    def is_taken(self, scope: str, url: Reference, found: Target) -> bool:
        """Return True if another resource in the Bundle, with another full URL, already has this type and id."""
        if not self._any_taken:
            return False
        first = self._first_url(self._digest(scope, f"{found.type}/{found.id}"))
        return first is not None and first != self._digest(scope, url.entry(None))

    def add_binary(self, scope: str, found: Target, binary: Binary) -> None:
        """Add the text of a Binary."""
        values = (found.id, scope, found.server or "", binary.content_type, binary.data)
        self._database.execute("INSERT INTO binaries VALUES (?, ?, ?, ?, ?)", values)

    def add_identifiers(self, found: Target, identifiers: Iterable[str]) -> None:
        """Add the identifiers, `system|value`, of a resource."""
        kind, place = found.type or "", (found.id, found.server or "")
        self._identifiers += [(self._digest(kind, each), *place) for each in identifiers]
        if len(self._identifiers) > IDENTIFIERS:
            self._store_identifiers()

    def add_organization(self, found: Target, name: str) -> None:
        """Add the name of an organization."""
        values = (found.id, found.server or "", name)
        self._database.execute("INSERT OR REPLACE INTO organizations VALUES (?, ?, ?)", values)
        self._name.cache_clear()

    def add_replaced(self, targets: Iterable[Target]) -> None:
        """Add documents that are replaced by others."""
        for each in targets:
            self._database.execute("INSERT OR IGNORE INTO replaced VALUES (?, ?)", (each.id, each.server or ""))

    def target(self, reference: Reference, scope: str, server: str | None) -> Target | None:
        """Return the target of a reference in an entry of this Bundle and server; None if it can't be resolved."""
        if scope and (entry := self._entry(scope, reference.entry(server))):
            return self._target(*entry)
        if reference.identifier is not None:
            return self._by_identifier(reference)
        return self._target(reference.type, reference.id, reference.server or (reference.type and server))

    def organization_name(self, reference: Reference, scope: str, server: str | None) -> str | None:
        """Return the name of the organization that a reference points to."""
        target = self.target(reference, scope, server)
        return self._name(target) if target else None

    def binary(self, scope: str, target: Target) -> Binary | None:
        """Return a Binary of this Bundle, otherwise of another one; None if several texts have its id."""
        query = "SELECT scope, server, type, data FROM binaries WHERE id = ?"
        rows = [row for row in self._database.execute(query, (target.id,)) if target.is_at(row[1] or None)]
        near = [row for row in rows if row[0] == scope]
        texts = {Binary(*row[2:]) for row in near or rows}
        return texts.pop() if len(texts) == 1 else None

    def replaced(self) -> Iterator[Target]:
        for source_id, server in self._database.execute("SELECT id, server FROM replaced"):
            yield Target("DocumentReference", source_id, server or None)

    def _name_of(self, target: Target) -> str | None:
        rows = self._database.execute("SELECT server, name FROM organizations WHERE id = ?", (target.id,))
        names = {name for at, name in rows if target.is_at(at)}
        return names.pop() if len(names) == 1 else None

    def _entry(self, scope: str, name: str) -> tuple[str | None, str | None, str] | None:
        query = "SELECT type, id, server FROM urls WHERE digest = ?"
        found: tuple[str | None, str | None, str] | None
        found = self._database.execute(query, (self._digest(scope, name),)).fetchone()
        return found

    def _first_url(self, of_id: bytes) -> bytes | None:
        row = self._database.execute("SELECT url FROM ids WHERE digest = ?", (of_id,)).fetchone()
        return row and bytes(row[0])

    def _store_identifiers(self) -> None:
        self._database.executemany("INSERT OR IGNORE INTO identifiers VALUES (?, ?, ?)", self._identifiers)
        self._identifiers.clear()

    def _by_identifier(self, reference: Reference) -> Target | None:
        self._store_identifiers()
        digest = self._digest(reference.type or "", reference.identifier or "")
        query = "SELECT id, server FROM identifiers WHERE digest = ? LIMIT 2"
        found = self._database.execute(query, (digest,)).fetchall()
        return self._target(reference.type, *found[0]) if len(found) == 1 else None

    def _target(self, resource_type: str | None, source_id: str | None, server: str | None) -> Target | None:
        """Return the target, with its server if there are several; None if then the server can't be determined."""
        if source_id is None:
            return None
        if len(self._servers) < 2:
            return Target(resource_type, source_id)
        if not server and (resource_type is None or self._homes(resource_type, source_id) > 1):
            return None
        return Target(resource_type, source_id, server or None)

    def _homes(self, resource_type: str, source_id: str) -> int:
        """Return how many servers have a resource with this type and id."""
        query = "SELECT count(*) FROM homes WHERE digest = ?"
        count: int = self._database.execute(query, (self._digest("", f"{resource_type}/{source_id}"),)).fetchone()[0]
        return count

    def _digest(self, scope: str, text: str) -> bytes:
        return hashlib.blake2b(f"{scope}\0{text}".encode(), key=self._key, digest_size=16).digest()
