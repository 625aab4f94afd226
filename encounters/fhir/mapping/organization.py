"""Organization: read for its name alone, so that an encounter can say where it took place."""

from datetime import date

from encounters.fhir.elements import Json, text
from encounters.fhir.mapping.mapped import Mapped


def fill(body: Json, found: Mapped, today: date) -> None:
    """Fill in the name."""
    found.values["name"] = found.short(text(body.get("name")))
