"""Invented clinical records from a fixed seed. No person in them exists."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from chartero.demo import tone
from encounters.models import (
    Document,
    DocumentStatus,
    Encounter,
    EncounterStatus,
    EncounterType,
    Patient,
    RecordClass,
    Restriction,
)
from encounters.models import SchemaType as Schema
from partners import pacing
from partners.models import Organization

BATCH = 500  # encounters in one transaction
FIRST_NAMES = ["Ada", "Bela", "Caro", "Dorian", "Elif", "Fenna", "Goran", "Hanae", "Idris", "Jonna", "Kofi", "Liv"]
LAST_NAMES = ["Ashgrove", "Brightwater", "Coldbrook", "Dunmore", "Eastlake", "Fernhill", "Greystone"]
TALK = [
    ("Doctor", "Good morning. What brings you here today?"),
    ("Patient", "Well, it is about what I wrote down for you: {}."),
    ("Doctor", "Since when has that been so?"),
    ("Patient", "For about {} days now."),
    ("Doctor", "Let us have a look, and then we decide together what to do."),
]
COMPLAINTS = ["Follow-up visit", "Annual check-up", "Cough and fever", "Back pain", "Medication review", "Skin rash"]
START = datetime(2025, 6, 1, 8, tzinfo=UTC)
DAYS = 365
CLASSES = [RecordClass.CLINICAL] * 18 + [RecordClass.DEMO, RecordClass.TRAINING]
STATUSES = [EncounterStatus.COMPLETED] * 8 + [status for status in EncounterStatus if status != "completed"]

TRANSCRIPT_STATUSES = [DocumentStatus.COMPLETED] * 8 + [DocumentStatus.AMENDED, DocumentStatus.DRAFT]


def make(organization: Organization, *, patients: int, encounters: int, seed: int) -> None:
    """Create invented patients and encounters for the organization, with notes and transcripts.

    Each batch of encounters is one short transaction. A run that was interrupted is continued by the next.
    """
    random = Random(seed)  # noqa: S311 – the same data on every machine, not a secret
    invented = [_patient(random, organization) for _ in range(patients)]
    people = [*organization.patients.order_by("pk")] or Patient.objects.bulk_create(invented)
    visits = [_encounter(random, organization, people) for _ in range(encounters)]
    audio = tone.keep(organization)
    for start in range(organization.encounters.count(), encounters, BATCH):
        some = visits[start : start + BATCH]
        with pacing.step():
            Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)  # lets no restriction begin
            Restriction.objects.all().mark(some)
            Encounter.objects.bulk_create(some)
            Document.objects.bulk_create([each for visit in some for each in _documents(random, visit, audio)])


def _patient(random: Random, organization: Organization) -> Patient:
    known = random.random() < 0.97
    return Patient(
        organization=organization,
        first_name=random.choice(FIRST_NAMES) if known else None,
        last_name=random.choice(LAST_NAMES) if known else None,
        date_of_birth=date(1930, 1, 1) + timedelta(days=random.randrange(30_000)) if known else None,
    )


def _encounter(random: Random, organization: Organization, people: list[Patient]) -> Encounter:
    created = START + timedelta(
        days=random.randrange(DAYS), seconds=random.randrange(36_000), microseconds=random.choice([0, 250_000])
    )
    return Encounter(
        organization=organization,
        patient=random.choice(people) if random.random() < 0.98 else None,
        encounter_type=random.choice(EncounterType.values),
        status=random.choice(STATUSES),
        record_class=random.choice(CLASSES),
        date_of_service=created - timedelta(minutes=random.randrange(90)) if random.random() < 0.95 else None,
        created_at=created,
        updated_at=created + timedelta(minutes=random.randrange(5_000)),
    )


def _documents(random: Random, visit: Encounter, audio: str) -> Iterator[Document]:
    complaint = random.choice(COMPLAINTS)
    if visit.encounter_type == EncounterType.AMBIENT:
        turns = _turns(random, complaint)
        yield Document(
            encounter=visit,
            schema_type=Schema.AMBIENT_TRANSCRIPT,
            title="Ambient transcript",
            status=random.choice(TRANSCRIPT_STATUSES),
            workflow_variant="ambient",
            audio_duration_seconds=turns[-1]["end"],
            transcript_provider="Invented for a demonstration",
            turns=turns,
            audio=audio if random.random() < 0.8 else None,
            created_at=visit.created_at,
            updated_at=visit.updated_at,
        )
    for number in range(random.choice([0, 1, 1, 2])):
        yield Document(
            encounter=visit,
            schema_type=Schema.DOCUMENT,
            title=complaint if number == 0 else None,
            status=random.choice([*DocumentStatus.values, None]),
            content=f"# {complaint}\n\nInvented note for a demonstration. No person in it exists.\n",
            created_at=visit.created_at + timedelta(minutes=5 * number),
            updated_at=visit.updated_at,
        )


def _turns(random: Random, complaint: str) -> list[dict[str, Any]]:
    turns, end = [], 0.0
    for speaker, text in TALK:
        start = round(end + random.uniform(0.2, 1.5), 2)
        end = round(start + random.uniform(2, 6), 2)
        said = text.format(random.randrange(2, 30) if "days" in text else complaint.lower())
        turns.append({"speaker": speaker, "start": start, "end": end, "text": said})
    return turns
