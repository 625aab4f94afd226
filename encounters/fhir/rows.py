"""A mapped resource with its references resolved, as far as the run's own files can tell: ready for its batch."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from encounters.fhir.codes import Code
from encounters.fhir.index import Index, Target
from encounters.fhir.items import Item
from encounters.fhir.mapping.mapped import Mapped
from encounters.fhir.references import Reference
from encounters.fhir.report import Place

BATCH_ROWS = 500
BATCH_WEIGHT = 4 * 1024 * 1024


@dataclass(slots=True)
class Row:
    """One resource, or one deletion, for the database; what it refers to is known by source ids.

    `server` is the one that it came from; None if the export does not tell.
    """

    place: Place
    type: str
    id: str
    mapped: Mapped
    deletion: bool = False
    weight: int = 0
    server: str | None = None
    patient: Target | None = None
    encounters: list[Target] = field(default_factory=list)
    replaces: list[Target] = field(default_factory=list)
    refusal: Code | None = None


def deletion(item: Item) -> Row:
    """Return the row of a deletion."""
    return Row(item.place, item.type, item.id, Mapped(item.modified, withdrawn=True), deletion=True, server=item.server)


def resolved(item: Item, mapped: Mapped, index: Index) -> Row:
    """Return the row of a resource."""
    row = Row(item.place, item.type, item.id, mapped, weight=item.weight, server=item.server)
    if mapped.withdrawn:
        return row
    _resolve_subject(row, index, item)
    if item.type == "Encounter":
        mapped.warn(Code.NO_PATIENT, when=mapped.subject is None)
        _resolve_provider(mapped, index, item)
    if item.type == "DocumentReference":
        row.encounters = list(_targets(mapped.encounters, "Encounter", index, item))
        row.replaces = [each for each in _targets(mapped.replaces, item.type, index, item) if each.id != item.id]
        row.refusal = row.refusal or (None if mapped.encounters else Code.NO_ENCOUNTER)
    return row


def batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield the rows in batches: of one type, no id twice, and neither too many nor too much text."""
    batch: list[Row] = []
    ids: set[str] = set()
    weight = 0
    for row in rows:
        full = len(batch) >= BATCH_ROWS or weight + row.weight > BATCH_WEIGHT
        if batch and (full or row.id in ids or row.type != batch[0].type):
            yield batch
            batch, ids, weight = [], set(), 0
        batch.append(row)
        ids.add(row.id)
        weight += row.weight
    if batch:
        yield batch


def _resolve_subject(row: Row, index: Index, item: Item) -> None:
    subject = row.mapped.subject
    target = index.target(subject, item.scope, item.server) if subject else None
    named = target.type if target else subject and subject.type
    if named not in (None, "Patient"):
        row.mapped.warn(Code.SUBJECT_NOT_A_PATIENT)
    elif target:
        row.patient = target
    elif subject:
        row.refusal = Code.UNRESOLVED_PATIENT


def _resolve_provider(mapped: Mapped, index: Index, item: Item) -> None:
    """Keep where it took place as text: the display, else the organization's name, else what is written."""
    if mapped.provider and not mapped.values["service_provider"]:
        named = index.organization_name(mapped.provider, item.scope, item.server)
        mapped.values["service_provider"] = mapped.short(named or mapped.provider.text)
    mapped.values["service_provider"] = mapped.values["service_provider"] or ""


def _targets(references: Iterable[Reference], wanted: str, index: Index, item: Item) -> Iterator[Target]:
    targets = (index.target(reference, item.scope, item.server) for reference in references)
    yield from (target for target in targets if target and target.type in (None, wanted))
