"""From validated resources of FHIR R4 to the values of a row."""

from collections.abc import Iterable
from typing import Any

from fhir.resources.R4B.documentreference import DocumentReference
from fhir.resources.R4B.encounter import Encounter
from fhir.resources.R4B.patient import Patient

ENCOUNTER_STATUS = {
    "planned": "planned",
    "arrived": "in_progress",
    "triaged": "in_progress",
    "in-progress": "in_progress",
    "onleave": "in_progress",
    "finished": "completed",
    "cancelled": "cancelled",
}
DOCUMENT_STATUS = {"preliminary": "draft", "final": "completed", "amended": "amended"}
USES = ("official", "usual", None)


def source_id(reference: Any) -> str | None:
    """Return the id at the end of `Patient/1` or `urn:uuid:1`."""
    written = reference.reference if reference else None
    return written.removeprefix("urn:uuid:").rpartition("/")[2] if written else None


def patient(resource: Patient) -> dict[str, Any]:
    """Return the values of a patient."""
    name = min(resource.name or [], key=lambda each: USES.index(each.use) if each.use in USES else 3, default=None)
    return {
        "first_name": " ".join(name.given or []) or None if name else None,
        "last_name": name.family if name else None,
        "date_of_birth": resource.birthDate,
    }


def encounter(resource: Encounter, organizations: dict[str, str]) -> dict[str, Any]:
    """Return the values of an encounter, but its patient."""
    provider, period = resource.serviceProvider, resource.period
    named = provider and (provider.display or organizations.get(source_id(provider) or "") or provider.reference)
    return {
        "status": ENCOUNTER_STATUS.get(resource.status, "unknown"),
        "date_of_service": (period.start or period.end) if period else None,
        "service_provider": named or "",
    }


def document(resource: DocumentReference) -> dict[str, Any]:
    """Return the values of a document, but its encounter."""
    files = [each.attachment for each in resource.content]
    is_superseded = resource.status == "superseded"
    return {
        "title": next(filter(None, titles(resource, files)), None),
        "status": "superseded" if is_superseded else DOCUMENT_STATUS.get(resource.docStatus),
        "content": next((each.data.decode() for each in files if each.data), None),
        "created_at": resource.date,
    }


def titles(resource: DocumentReference, files: Iterable[Any]) -> Iterable[str | None]:
    """Yield what can be the title, the best first."""
    yield resource.description
    yield from (each.title for each in files)
    if resource.type:
        yield resource.type.text
        yield from (each.display for each in resource.type.coding or [])
