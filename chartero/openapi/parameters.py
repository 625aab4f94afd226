"""The parameters of a route: the ids in its path, and its query as declared by the filters."""

import re
from typing import Any

from encounters.models import Document, Encounter
from partners.api.fields import IdField
from partners.api.filters import Parameter, StrictFilterSet

IDS = {"encounter_id": IdField(Encounter), "document_id": IdField(Document)}


def in_path(path: str) -> list[dict[str, Any]]:
    """Return the ids of a path, with the patterns that responses use."""
    return [_id(name) for name in re.findall(r"{(\w+)}", path)]


def in_query(filters: type[StrictFilterSet]) -> list[dict[str, Any]]:
    """Return the parameters of a query in the order of their checks."""
    return [_parameter(name, parameter) for name, parameter in filters.base_filters.items()]


def _id(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": "Opaque. You can send any string: one that is not an id is not found.",
        "schema": {"type": "string", "pattern": IDS[name].pattern},
    }


def _parameter(name: str, parameter: Parameter) -> dict[str, Any]:
    default = {} if parameter.default is None else {"default": parameter.default}
    refused = f"Any other value, or a repeated parameter, gives `{parameter.reason.code}`."
    return {
        "name": name,
        "in": "query",
        "description": f"{parameter.meaning} {parameter.grammar.words} {refused}",
        "schema": {**parameter.grammar.schema, **default},
    }
