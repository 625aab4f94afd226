"""Invented organizations, patients, encounters and documents, as lines for COPY; the same at every run."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain, repeat

from partners.catalogue.routes import Route
from partners.identifiers import LENGTH

START, SPAN = datetime(2016, 1, 1, 8), timedelta(days=3652)  # ten years, in UTC
CHUNK = 100_000  # encounters
NEVER_SERVED = 9  # the first encounters of each organization: demo, training or withdrawn
NULL = r"\N"
STATUSES = ("completed", "completed", "completed", "in_progress", "planned", "cancelled", "unknown")
HIDDEN = (("demo", NULL), ("training", NULL), ("clinical", str(START)))

COLUMNS = {
    "partners_organization": "id public_id name name_key contact_name contact_email purpose allowlisted created_at",
    "partners_routegrant": "organization_id route created_at",
    "encounters_patient": "id public_id organization_id first_name last_name date_of_birth",
    "encounters_encounter": "id public_id organization_id patient_id encounter_type status record_class withdrawn_at "
    "date_of_service service_provider created_at updated_at",
    "encounters_document": "id public_id encounter_id schema_type title status workflow_variant "
    "audio_duration_seconds content created_at updated_at",
}

Rows = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Plan:
    """How many encounters each organization serves, by its primary key from 1; routes are enabled for all but one.

    `mixed`: all organizations work at the same time, so that their rows lie among each other.
    """

    sizes: tuple[int, ...]
    mixed: bool
    per_patient: int
    notes: bool = False  # every second encounter has a note beside its transcript
    barred: int | None = None

    @property
    def total(self) -> int:
        """Return the number of encounters, with those that are never served."""
        return sum(self.sizes) + NEVER_SERVED * len(self.sizes)

    def owners(self, chance: random.Random) -> Iterator[tuple[int, datetime]]:
        """Yield whose each encounter is and when it was, in the order of the table."""
        counts = [size + NEVER_SERVED for size in self.sizes]
        if self.mixed:
            owners = list(chain.from_iterable(repeat(pk, count) for pk, count in enumerate(counts, 1)))
            chance.shuffle(owners)
            yield from zip(owners, _times(len(owners)), strict=True)
        else:
            for pk, count in enumerate(counts, 1):
                yield from zip(repeat(pk), _times(count), strict=False)


COMPARISON = Plan((100_000, 5_000, *[5_278] * 17, 5_274), mixed=True, per_patient=3, notes=True, barred=20)


def scale(sizes: tuple[int, ...]) -> Plan:
    """Return the plan of the scale set: one organization of each size."""
    return Plan(sizes, mixed=False, per_patient=20)


@dataclass(slots=True)
class Inventor:
    """Makes the rows of a plan up, chunk by chunk."""

    plan: Plan
    chance: random.Random = field(default_factory=lambda: random.Random(2026))
    seen: Counter[int] = field(default_factory=Counter)
    patients: int = 0
    documents: int = 0
    patient_of: dict[int, int] = field(default_factory=dict)

    def chunks(self) -> Iterator[Rows]:
        """Yield the rows of some encounters at a time, by table, in an order that foreign keys allow."""
        yield self._organizations()
        rows = _empty()
        for pk, (owner, when) in enumerate(self.plan.owners(self.chance), 1):
            if len(rows["encounters_encounter"]) == CHUNK:
                yield rows
                rows = _empty()
            self._encounter(rows, pk, owner, when)
        yield rows

    def _organizations(self) -> Rows:
        rows, numbers = _empty(), range(1, len(self.plan.sizes) + 1)
        rows["partners_organization"] = [
            f"{pk}\t{self._id('org')}\tInvented Practice {pk}\tinvented practice {pk}\t\t\tTreatment\t1\t{START}"
            for pk in numbers
        ]
        rows["partners_routegrant"] = [
            f"{pk}\t{route.route_name}\t{START}"
            for pk in numbers
            if pk != self.plan.barred
            for route in Route.grantable()
        ]
        return rows

    def _encounter(self, rows: Rows, pk: int, owner: int, when: datetime) -> None:
        number = self.seen[owner]
        self.seen[owner] += 1
        if number % self.plan.per_patient == 0:
            rows["encounters_patient"].append(self._patient(owner))
        record_class, withdrawn = HIDDEN[number % 3] if number < NEVER_SERVED else ("clinical", NULL)
        created = when if pk % 10 == 0 else when.replace(microsecond=0)
        patient = NULL if pk % 50 == 0 else self.patient_of[owner]
        service = NULL if pk % 9 == 0 else created.replace(second=0, microsecond=0)
        rows["encounters_encounter"].append(
            f"{pk}\t{self._id('enc')}\t{owner}\t{patient}\tambient\t{STATUSES[pk % 7]}\t{record_class}\t{withdrawn}\t"
            f"{service}\tInvented Practice\t{created}\t{created + timedelta(hours=1)}"
        )
        rows["encounters_document"].append(self._transcript(pk, created))
        if self.plan.notes and pk % 2:
            rows["encounters_document"].append(self._note(pk, created))

    def _patient(self, owner: int) -> str:
        self.patients += 1
        self.patient_of[owner] = number = self.patients
        born = START - timedelta(days=number % 30_000)
        names = f"{NULL}\t{NULL}\t{NULL}" if number % 40 == 0 else f"Invented\tPatient{number}\t{born:%Y-%m-%d}"
        return f"{number}\t{self._id('pat')}\t{owner}\t{names}"

    def _transcript(self, encounter: int, created: datetime) -> str:
        seconds = NULL if encounter % 30 == 0 else 60 + encounter % 30_000 / 10
        return self._document(
            encounter, "ambient_transcript\tAmbient transcript\tcompleted\tambient", seconds, NULL, created
        )

    def _note(self, encounter: int, created: datetime) -> str:
        return self._document(encounter, f"document\tVisit note\tamended\t{NULL}", NULL, "Invented. " * 40, created)

    def _document(self, encounter: int, facts: str, seconds: object, content: str, created: datetime) -> str:
        self.documents += 1
        return f"{self.documents}\t{self._id('doc')}\t{encounter}\t{facts}\t{seconds}\t{content}\t{created}\t{created}"

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{self.chance.getrandbits(4 * LENGTH):0{LENGTH}x}"


def _times(count: int) -> Iterator[datetime]:
    return (START + SPAN * (number / count) for number in range(count))


def _empty() -> Rows:
    return {table: [] for table in COLUMNS}
