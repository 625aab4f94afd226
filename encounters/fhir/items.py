"""The resources and deletions in a file, one by one, each known by type and id; and what stands there instead."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from encounters.fhir import bundles, lines, references
from encounters.fhir.codes import Code
from encounters.fhir.elements import Json, member, objects, text
from encounters.fhir.report import Place
from encounters.fhir.sources import DELETIONS, TYPES, SourceFile

# Of a type that is not imported.
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Item:
    """One resource to import in `phase`, or one deletion; `scope` is its Bundle, within which `full_url` names it."""

    place: Place
    phase: str
    type: str
    id: str
    body: Json
    weight: int
    scope: str = ""
    full_url: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """What could not be read as a resource."""

    place: Place
    code: Code
    type: str
    id: str | None = None


def read(file: SourceFile, progress: lines.Progress) -> Iterator[Item | Fault]:
    """Yield what the file holds; where it ends before its time, that is the last fault."""
    reader, place = _Reader(file), Place(file.name, 1)
    try:
        with lines.opened(file.path, progress) as stream:
            for thing in reader.document(stream) if file.is_one_document else reader.lines(stream):
                place = thing.place
                yield thing
    except lines.FAULTS:
        yield reader.fault(place, Code.UNREADABLE_FILE)


@dataclass(frozen=True, slots=True)
class _Reader:
    file: SourceFile

    def lines(self, stream: IO[bytes]) -> Iterator[Item | Fault]:
        for number, line in lines.numbered(stream):
            place = Place(self.file.name, number)
            body = line if isinstance(line, Code) else lines.parsed(line)
            if isinstance(body, Code):
                yield self.fault(place, body)
            elif self._may_be_bundle(body):
                yield from self._bundle(place, body, len(line))
            else:
                yield self._resource(place, body, len(line))

    def document(self, stream: IO[bytes]) -> Iterator[Item | Fault]:
        number, rest = 0, {}
        try:
            for name, value in bundles.members(stream):
                if name is None:
                    number += 1
                    yield self._checked(Place(self.file.name, number), value)
                else:
                    rest[name] = value
        except (ValueError, RecursionError):
            yield self.fault(Place(self.file.name, number + 1), Code.INVALID_JSON)
        else:
            if rest.get("resourceType") != "Bundle" and not number:
                yield self._checked(Place(self.file.name, 1), {"resource": rest})

    def fault(self, place: Place, code: Code, resource_type: str = OTHER, source_id: str | None = None) -> Fault:
        expected = resource_type if self.file.is_mixed else self.file.phases[0]
        return Fault(place, code, expected, source_id)

    def _may_be_bundle(self, body: Any) -> bool:
        return DELETIONS in self.file.phases and member(body, "resourceType") == "Bundle"

    def _bundle(self, place: Place, body: Json, weight: int) -> Iterator[Item | Fault]:
        entries = list(objects(body.get("entry")))
        for entry in entries:
            yield self._entry(place, entry, weight // len(entries), f"{place.file}:{place.line}")

    def _checked(self, place: Place, entry: Any) -> Item | Fault:
        """Refuse the lone surrogates that a document's parser lets through, and weigh the entry."""
        try:
            weight = len(json.dumps(entry, ensure_ascii=False).encode())
        except (ValueError, RecursionError):
            return self.fault(place, Code.INVALID_JSON)
        return self._entry(place, entry, weight, self.file.name)

    def _entry(self, place: Place, entry: Any, weight: int, scope: str) -> Item | Fault:
        if member(entry, "request", "method") == "DELETE":
            return self._deletion(place, text(member(entry, "request", "url")))
        resource = member(entry, "resource")
        if resource is None and isinstance(entry, dict):
            return Item(place, OTHER, OTHER, "", {}, 0)
        return self._resource(place, resource, weight, scope, text(member(entry, "fullUrl")))

    def _deletion(self, place: Place, url: str | None) -> Item | Fault:
        target = references.parse_text(url or "")
        if target.type is None or target.id is None:
            return self.fault(place, Code.INVALID_DELETION)
        phase = DELETIONS if target.type in TYPES[1:] else OTHER
        return Item(place, phase, target.type, target.id, {}, 0)

    def _resource(
        self, place: Place, body: Any, weight: int, scope: str = "", full_url: str | None = None
    ) -> Item | Fault:
        if not isinstance(body, dict):
            return self.fault(place, Code.NOT_AN_OBJECT)
        found = body.get("resourceType")
        if not isinstance(found, str) or not (self.file.is_mixed or found in self.file.phases):
            return self.fault(place, Code.WRONG_RESOURCE_TYPE)
        source_id = body.get("id") or _id_of(full_url)
        if found not in TYPES:
            return Item(place, OTHER, found, str(source_id), {}, 0, scope, full_url)
        if not references.is_id(source_id):
            return self.fault(place, Code.INVALID_ID if source_id else Code.MISSING_ID, found)
        return Item(place, found, found, str(source_id), body, weight, scope, full_url)


def _id_of(full_url: str | None) -> str | None:
    """Return the id in a fullUrl: in a transaction's Bundle, new resources have no other."""
    return None if full_url is None else references.parse_text(full_url).id
