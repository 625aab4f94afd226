"""Turn one line of the JSON format into rows for the shared store."""

from collections.abc import Iterator
from typing import Any

from encounters.importing.mapped import Mapped
from encounters.importing.report import FilePlace
from encounters.importing.rows import Row, Target
from encounters.models import EncounterStatus
from encounters.transcripts.form import Described, Visit

# The store's name for each type, in the order in which they are written, and the name that reports use.
PATIENT, ENCOUNTER, DOCUMENT = TYPES = ("Patient", "Encounter", "DocumentReference")
KINDS = {PATIENT: "patient", ENCOUNTER: "encounter", DOCUMENT: "document"}


def rows(visit: Visit, place: FilePlace, weight: int) -> Iterator[Row]:
    """Yield a row for everything that the line describes. Its recordings already have their names in the storage."""
    patient = Target(PATIENT, visit.patient.id) if visit.patient else None
    if visit.patient and not visit.patient.is_reference:
        yield _row(PATIENT, visit.patient, place)
    if not visit.encounter.is_reference:
        row = _row(ENCOUNTER, visit.encounter, place)
        row.patient = patient
        row.mapped.service_start = visit.encounter.values["date_of_service"]
        row.mapped.values |= {
            "status": visit.encounter.values["status"] or EncounterStatus.UNKNOWN.value,
            "service_provider": "",
        }
        yield row
    for document in visit.documents:
        row = _row(DOCUMENT, document, place, weight // len(visit.documents))
        row.patient, row.encounters = patient, [Target(ENCOUNTER, visit.encounter.id)]
        yield row


def _row(row_type: str, described: Described, place: FilePlace, weight: int = 0) -> Row:
    """Return the row of a version. A withdrawn one is a deletion, which without a time takes effect now."""
    values: dict[str, Any] = dict(described.values)
    version, withdrawn = values.pop("updated_at"), values.pop("withdrawn") is True
    if "provider" in values:
        values["transcript_provider"] = values.pop("provider")
    mapped = Mapped(version, withdrawn=withdrawn, values={} if withdrawn else values)
    return Row(place, row_type, described.id, mapped, deletion=withdrawn, weight=weight)
