"""The three kinds of rows that an import writes: their models, their links, and what else a change affects."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, Model, OuterRef

from encounters.importing.job import Job
from encounters.importing.writing import linking
from encounters.models import Document, Encounter, EncounterType, Patient, RecordClass, Restriction, SchemaType


@dataclass(frozen=True, slots=True)
class RowKind:
    """One kind of row. `field` is its foreign key in a source record, `fields` are those that an update can change.

    `mark` gets the rows before they are written. `follow_up` gets the primary keys of the rows to update after a
    change: the patients, or the documents' encounters.
    """

    model: type[Model]
    field: str
    fields: tuple[str, ...]
    link: linking.Linker
    follow_up: Callable[[Job, set[int]], None]
    mark: Callable[[Sequence[Any]], None] = lambda rows: None
    is_dated: bool = True  # has an updated_at, which comes from the source
    is_stamped: bool = False  # has a created_at, which is the time of import


def keep_test_patients_apart(job: Job, patients: set[int]) -> None:
    """Reclassify clinical encounters of patients who are labelled as test data."""
    Encounter.objects.for_organization(job.organization).filter(
        patient__in=patients, patient__source_record__labelled_test=True, record_class=RecordClass.CLINICAL
    ).update(record_class=RecordClass.TRAINING)


def retype(job: Job, encounters: set[int]) -> None:
    """Set the type of encounters: ambient if they have an ambient transcript, clinical documentation otherwise."""
    transcripts = Document.objects.filter(
        encounter=OuterRef("pk"), schema_type=SchemaType.AMBIENT_TRANSCRIPT, withdrawn_at=None
    )
    affected = Encounter.objects.for_organization(job.organization).filter(pk__in=encounters)
    ambient = affected.filter(Exists(transcripts)).exclude(encounter_type=EncounterType.AMBIENT)
    ambient.update(encounter_type=EncounterType.AMBIENT)
    silent = affected.filter(~Exists(transcripts), encounter_type=EncounterType.AMBIENT)
    silent.update(encounter_type=EncounterType.CLINICAL_DOCUMENTATION)


def nothing(job: Job, parents: set[int]) -> None:
    """Do nothing: a change affects no other rows."""


KINDS = {
    "Patient": RowKind(
        Patient,
        "patient",
        ("first_name", "last_name", "date_of_birth", "withdrawn_at"),
        linking.patients,
        keep_test_patients_apart,
        is_dated=False,
    ),
    "Encounter": RowKind(
        Encounter,
        "encounter",
        (
            *("patient", "status", "record_class", "date_of_service", "service_provider", "updated_at"),
            *("withdrawn_at", "restricted_at"),
        ),
        linking.encounters,
        nothing,
        Restriction.objects.all().mark,
        is_stamped=True,
    ),
    "DocumentReference": RowKind(
        Document,
        "document",
        (
            *("encounter", "schema_type", "title", "status", "workflow_variant", "audio_duration_seconds", "content"),
            *("transcript_provider", "audio", "turns", "created_at", "updated_at", "withdrawn_at"),
        ),
        linking.documents,
        retype,
    ),
}
