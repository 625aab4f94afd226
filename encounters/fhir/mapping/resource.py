"""The metadata that all resource types have in common, and the values that the mapping of each type sets."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from encounters.fhir import dates
from encounters.fhir.references import Reference
from encounters.importing.codes import Code
from encounters.importing.mapped import Mapped
from encounters.importing.reading.elements import Json, objects, text

TEST_LABEL = "HTEST"

# How Azure's export marks deleted resources. Medplum's has `meta.deleted`.
DELETED_STATE, SOFT_DELETED = "/deleted-state", "soft-deleted"


@dataclass(slots=True)
class MappedResource(Mapped):
    """The values of one resource. Its references are not resolved yet."""

    identifiers: list[str] = field(default_factory=list)
    subject: Reference | None = None
    provider: Reference | None = None
    encounters: list[Reference] = field(default_factory=list)
    replaces: list[Reference] = field(default_factory=list)

    @classmethod
    def of_any(cls, body: Json) -> "MappedResource":
        """Return the metadata that resources of every type have."""
        found, meta = cls(identifiers=list(_identifiers(body))), body.get("meta")
        if isinstance(meta, dict):
            found.labelled_test, found.withdrawn = _is_labelled(meta), _is_soft_deleted(meta)
            found._set_version(meta.get("lastUpdated"))
        return found

    def moment(self, value: object) -> datetime | None:
        """Return a dateTime in UTC, with a warning if something had to be assumed; None if there is no value."""
        if value is None:
            return None
        found, assumed = dates.moment(value)
        self.warn(assumed)
        return found

    def _set_version(self, last_updated: object) -> None:
        if last_updated is None:
            return
        self.version = dates.instant(last_updated)
        self.finer_version = dates.finer(last_updated) if self.version else ""
        self.warn(Code.INVALID_LAST_UPDATED, when=self.version is None)


def _identifiers(body: Json) -> Iterator[str]:
    for each in objects(body.get("identifier")):
        system, value = text(each.get("system")), text(each.get("value"))
        if system and value:
            yield f"{system}|{value}"


def _is_labelled(meta: Json) -> bool:
    labels = objects(meta.get("security")) + objects(meta.get("tag"))
    return TEST_LABEL in [each.get("code") for each in labels]


def _is_soft_deleted(meta: Json) -> bool:
    states = (each for each in objects(meta.get("extension")) if each.get("valueString") == SOFT_DELETED)
    is_marked = any((text(each.get("url")) or "").endswith(DELETED_STATE) for each in states)
    return is_marked or meta.get("deleted") is True
