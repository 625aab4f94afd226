"""Link rows to the patients and encounters in the database, which are found in bulk by source id."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from encounters.importing.codes import Code
from encounters.importing.job import Job
from encounters.importing.rows import Row, Target
from encounters.models import EncounterType, RecordClass


@dataclass(frozen=True, slots=True)
class Link:
    """The values to write for one row, and those only for a new row; or why the row is rejected."""

    values: dict[str, Any] = field(default_factory=dict)
    on_creation: dict[str, Any] = field(default_factory=dict)
    record_class: RecordClass | None = None
    encounter: str | None = None
    refusal: Code | None = None


Linker = Callable[[Job, list[Row]], dict[str, Link]]


def patients(job: Job, rows: list[Row]) -> dict[str, Link]:
    """Link patients to the organization."""
    return {row.id: Link(row.mapped.values, {"organization_id": job.organization.pk}) for row in rows}


def encounters(job: Job, rows: list[Row]) -> dict[str, Link]:
    """Link encounters to their patients."""
    wanted = {row.patient.id for row in rows if row.patient}
    found = job.records("Patient", wanted).filter(patient__isnull=False)
    known = {each["source_id"]: each for each in found.values("source_id", "server", "patient_id", "labelled_test")}
    return {row.id: _encounter(job, row, known) for row in rows}


def _encounter(job: Job, row: Row, known: dict[str, Any]) -> Link:
    if row.mapped.withdrawn:  # only marks what is stored, so its references need not be known
        return Link()
    patient = known.get(row.patient.id) if row.patient else None
    if row.refusal or (row.patient and not (patient and row.patient.is_at(patient["server"]))):
        return Link(refusal=Code.UNRESOLVED_PATIENT)
    is_test = row.mapped.labelled_test or (patient is not None and patient["labelled_test"])
    record_class = job.class_for(labelled_test=is_test)
    row.mapped.warn(Code.TEST_DATA, when=record_class is not job.record_class)
    return Link(
        row.mapped.values | {"patient_id": patient and patient["patient_id"], "record_class": record_class},
        {"organization_id": job.organization.pk, "encounter_type": EncounterType.CLINICAL_DOCUMENTATION},
        record_class,
    )


def documents(job: Job, rows: list[Row]) -> dict[str, Link]:
    """Link documents to the first of their encounters that is known."""
    wanted = {encounter.id for row in rows for encounter in row.encounters}
    found = job.records("Encounter", wanted).filter(encounter__isnull=False)
    parents = found.values(
        *("source_id", "server", "encounter_id", "encounter__created_at"),
        *("encounter__patient__source_record__source_id", "encounter__patient__source_record__server"),
    )
    known: dict[str, Any] = {each["source_id"]: each for each in parents}
    return {row.id: _document(job, row, known) for row in rows}


def _document(job: Job, row: Row, known: dict[str, Any]) -> Link:
    if row.mapped.withdrawn or _is_withheld(job, row):
        return Link()
    if row.refusal:
        return Link(refusal=row.refusal)
    parent = next(_known(row.encounters, known), None)
    if parent is None:
        return Link(refusal=Code.UNRESOLVED_ENCOUNTER)
    if row.patient and _is_of_another(parent, row.patient):
        return Link(refusal=Code.PATIENT_MISMATCH)
    created_at = row.mapped.values["created_at"] or parent["encounter__created_at"]
    values = row.mapped.values | {"encounter_id": parent["encounter_id"], "created_at": created_at}
    return Link(values, encounter=parent["source_id"])


def _known(encounters: Iterable[Target], known: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (known[each.id] for each in encounters if each.id in known and each.is_at(known[each.id]["server"]))


def _is_of_another(encounter: dict[str, Any], patient: Target) -> bool:
    source_id = encounter["encounter__patient__source_record__source_id"]
    if source_id is None:
        return False
    return source_id != patient.id or not patient.is_at(encounter["encounter__patient__source_record__server"])


def _is_withheld(job: Job, row: Row) -> bool:
    """Withdraw a document that is labelled as test data: it has no record class that would hide it from partners."""
    if not row.mapped.labelled_test or job.record_class is not RecordClass.CLINICAL:
        return False
    row.mapped.warn(Code.TEST_DATA)
    row.mapped.withdrawn = True
    return True
