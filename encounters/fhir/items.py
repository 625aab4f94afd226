"""What a file of an export can contain: resources, deletions, Bundles of them, and faults."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from encounters.fhir import dates, references
from encounters.fhir.references import Reference
from encounters.importing.codes import Code
from encounters.importing.reading import ids
from encounters.importing.reading.elements import Json, member, objects, text
from encounters.importing.reading.files import BINARY, DELETIONS, TYPES, SourceFile
from encounters.importing.report import FilePlace
from encounters.importing.rows import Target

BUNDLE = "Bundle"

# The name for all types that are not imported.
OTHER = "other"


class Item(NamedTuple):
    """One resource to import in `phase`, or one deletion. `scope` is its Bundle, in which `full_url` identifies it.

    `modified` is when it was written or deleted, according to the server.
    """

    place: FilePlace
    phase: str
    type: str
    id: str
    body: Json
    weight: int
    scope: str = ""
    full_url: Reference | None = None
    modified: datetime | None = None

    @property
    def server(self) -> str | None:
        return self.full_url.server if self.full_url else None

    @property
    def target(self) -> Target:
        return Target(self.type, self.id, self.server)


@dataclass(frozen=True, slots=True)
class ItemFault:
    """Something that can't be read as a resource, or that is missing. After the last fault, nothing more is read."""

    place: FilePlace
    code: Code
    type: str = OTHER
    id: str | None = None
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class Contents:
    """Turns the JSON of a file into items and faults, one object at a time."""

    file: SourceFile

    def line(self, place: FilePlace, body: object, weight: int) -> Iterator[Item | ItemFault]:
        """Yield the resource in a line, or the contents of a Bundle."""
        if self.file.may_hold_bundles and isinstance(body, dict) and body.get("resourceType") == BUNDLE:
            yield from self._bundle(place, body, weight, f"{place.file}:{place.line}")
        else:
            yield self.resource(place, body, weight)

    def entry(self, place: FilePlace, entry: object, weight: int, scope: str) -> Iterator[Item | ItemFault]:
        """Yield the resource or the deletion in an entry of a Bundle, or the contents of a nested Bundle."""
        inner = member(entry, "resource")
        if self.file.is_mixed and isinstance(inner, dict) and inner.get("resourceType") == BUNDLE:
            yield from self._bundle(place, inner, weight, scope, is_outer=False)
        else:
            yield self._of_entry(place, entry, weight, scope)

    def resource(
        self, place: FilePlace, body: object, weight: int, scope: str = "", entry: object = None
    ) -> Item | ItemFault:
        """Return a resource of a type that the file can contain, with the full URL and the time from its entry."""
        if not isinstance(body, dict):
            return self.fault(place, Code.NOT_AN_OBJECT)
        found = body.get("resourceType")
        if not isinstance(found, str) or found == BUNDLE or not self.file.may_hold(found):
            return self.fault(place, Code.WRONG_RESOURCE_TYPE)
        full_url = _full_url(entry)
        source_id = body.get("id") or (full_url and full_url.id)
        if found not in (*TYPES, BINARY):
            return Item(place, OTHER, found, str(source_id), {}, 0, scope, full_url)
        if not ids.is_id(source_id):
            return self.fault(place, Code.INVALID_ID if source_id else Code.MISSING_ID, found)
        modified = dates.instant(member(entry, "response", "lastModified"))
        return Item(place, found, found, str(source_id), body, weight, scope, full_url, modified)

    def fault(self, place: FilePlace, code: Code, resource_type: str = OTHER, *, is_last: bool = False) -> ItemFault:
        """Return a fault, with the type of the resource as far as it is known."""
        expected = resource_type if self.file.is_mixed else self.file.phases[0]
        return ItemFault(place, code, expected, is_last=is_last)

    def more_pages(self, place: FilePlace, links: object) -> Iterator[ItemFault]:
        """Yield a warning if a Bundle links to a next page, which is not part of the export."""
        if any(each.get("relation") == "next" for each in objects(links)):
            yield ItemFault(place, Code.MORE_PAGES)

    def _bundle(
        self, place: FilePlace, body: Json, weight: int, scope: str, *, is_outer: bool = True
    ) -> Iterator[Item | ItemFault]:
        entries = list(objects(body.get("entry")))
        for entry in entries:
            if is_outer:
                yield from self.entry(place, entry, weight // len(entries), scope)
            else:
                yield self._of_entry(place, entry, weight // len(entries), scope)
        yield from self.more_pages(place, body.get("link"))

    def _of_entry(self, place: FilePlace, entry: object, weight: int, scope: str) -> Item | ItemFault:
        if member(entry, "request", "method") == "DELETE":
            return self._deletion(place, entry)
        resource = member(entry, "resource")
        if resource is None and isinstance(entry, dict):
            return Item(place, OTHER, OTHER, "", {}, 0)
        return self.resource(place, resource, weight, scope, entry)

    def _deletion(self, place: FilePlace, entry: object) -> Item | ItemFault:
        """Return a deletion. It takes effect at the time in the server's response (R4 http.html#history)."""
        target = references.parse_text(text(member(entry, "request", "url")) or "")
        if target.type is None or target.id is None:
            return self.fault(place, Code.INVALID_DELETION)
        phase = DELETIONS if target.type in TYPES[1:] else OTHER
        told = target if target.server else _full_url(entry)
        modified = dates.instant(member(entry, "response", "lastModified"))
        return Item(place, phase, target.type, target.id, {}, 0, full_url=told, modified=modified)


def _full_url(entry: object) -> Reference | None:
    written = text(member(entry, "fullUrl"))
    return None if written is None else references.parse_text(written)
