"""Turn a mapped resource into a row for its batch, with references resolved as far as the run's files allow."""

from collections.abc import Iterable, Iterator

from encounters.fhir.index import Index
from encounters.fhir.items import Item
from encounters.fhir.mapping.resource import MappedResource
from encounters.fhir.references import Reference
from encounters.importing.codes import Code
from encounters.importing.rows import Row, Target


def deletion(item: Item) -> Row:
    """Return the row of a deletion."""
    return Row(
        item.place, item.type, item.id, MappedResource(item.modified, withdrawn=True), deletion=True, server=item.server
    )


def resolved(item: Item, mapped: MappedResource, index: Index) -> Row:
    """Return the row of a resource."""
    row = Row(item.place, item.type, item.id, mapped, weight=item.weight, server=item.server)
    if mapped.withdrawn:
        return row
    _resolve_subject(row, mapped, index, item)
    if item.type == "Encounter":
        mapped.warn(Code.NO_PATIENT, when=mapped.subject is None)
        _resolve_provider(mapped, index, item)
    if item.type == "DocumentReference":
        row.encounters = list(_targets(mapped.encounters, "Encounter", index, item))
        row.replaces = [each for each in _targets(mapped.replaces, item.type, index, item) if each.id != item.id]
        row.refusal = row.refusal or (None if mapped.encounters else Code.NO_ENCOUNTER)
    return row


def _resolve_subject(row: Row, mapped: MappedResource, index: Index, item: Item) -> None:
    subject = mapped.subject
    target = index.target(subject, item.scope, item.server) if subject else None
    named = target.type if target else subject and subject.type
    if named not in (None, "Patient"):
        mapped.warn(Code.SUBJECT_NOT_A_PATIENT)
    elif target:
        row.patient = target
    elif subject:
        row.refusal = Code.UNRESOLVED_PATIENT


def _resolve_provider(mapped: MappedResource, index: Index, item: Item) -> None:
    """Set the provider as text: the display, otherwise the organization's name, otherwise the reference itself."""
    if mapped.provider and not mapped.values["service_provider"]:
        named = index.organization_name(mapped.provider, item.scope, item.server)
        mapped.values["service_provider"] = mapped.short(named or mapped.provider.text)
    mapped.values["service_provider"] = mapped.values["service_provider"] or ""


def _targets(references: Iterable[Reference], wanted: str, index: Index, item: Item) -> Iterator[Target]:
    targets = (index.target(reference, item.scope, item.server) for reference in references)
    yield from (target for target in targets if target and target.type in (None, wanted))
