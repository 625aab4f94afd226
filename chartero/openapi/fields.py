"""How values look in responses, where the contract says more than drf-spectacular knows."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension

from encounters.models import DocumentStatus, EncounterStatus, EncounterType

INSTANT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{6})?Z$"

NAMES = {tuple(choices.values): choices.__name__ for choices in (EncounterType, EncounterStatus, DocumentStatus)}


class WordField(OpenApiSerializerFieldExtension):
    """One of several words. A set of words that several objects share has a name."""

    target_class = "rest_framework.fields.ChoiceField"

    def get_name(self) -> str | None:
        """Return the name, or None if only one object uses the words."""
        return NAMES.get(tuple(self.target.choices))

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.target.choices)}


class InstantField(OpenApiSerializerFieldExtension):
    """A moment in UTC with `Z`, with a fraction of six digits only if it is not zero."""

    target_class = "rest_framework.fields.DateTimeField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {"type": "string", "format": "date-time", "pattern": INSTANT}
