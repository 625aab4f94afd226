"""Organization: read for its name alone, so that an encounter can say where it took place."""

from datetime import date

from encounters.fhir.mapping.resource import MappedResource
from encounters.importing.reading.elements import Json, text


def fill(body: Json, found: MappedResource, today: date) -> None:
    """Fill in the name."""
    found.values["name"] = found.short(text(body.get("name")))
