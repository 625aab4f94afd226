"""From one resource to the values that we keep: pure functions that never raise and report what is odd."""

from collections.abc import Callable
from datetime import date

from encounters.fhir.mapping import document, encounter, organization, patient
from encounters.fhir.mapping.resource import MappedResource
from encounters.importing.reading.elements import Json

MAPPINGS: dict[str, Callable[[Json, MappedResource, date], None]] = {
    "Organization": organization.fill,
    "Patient": patient.fill,
    "Encounter": encounter.fill,
    "DocumentReference": document.fill,
}


def mapped(resource_type: str, body: Json, today: date) -> MappedResource:
    """Return what we keep of a resource of one of the four types; `today` tells which names are in use."""
    found = MappedResource.of_any(body)
    MAPPINGS[resource_type](body, found, today)
    return found
