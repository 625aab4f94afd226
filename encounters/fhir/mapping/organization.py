"""Organization: only its name is used, to say where an encounter took place."""

from datetime import date

from encounters.fhir.mapping.resource import MappedResource
from encounters.importing.reading.elements import Json, text


def fill(body: Json, found: MappedResource, today: date) -> None:
    """Set the name."""
    found.values["name"] = found.short(text(body.get("name")))
