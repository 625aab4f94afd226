"""Map one resource to the values that we store. The functions are pure, never raise, and add warnings instead."""

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
    """Return the values that we store of a resource of one of the four types. Names must be in use on `today`."""
    found = MappedResource.of_any(body)
    MAPPINGS[resource_type](body, found, today)
    return found
