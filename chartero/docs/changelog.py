"""What was added to the API since version 1.0: the published document, compared with an inventory of that version."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from chartero import openapi
from chartero.docs.reference import operations
from chartero.docs.reference.operations import Operation
from chartero.openapi.answers import CODES
from partners.catalogue.reasons import Reason

FIRST = Path(__file__).with_name("version_1_0.json")

Inventory = dict[str, Any]
Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Additions:
    """What a version adds: routes, reasons, and parameters and keys of routes that were there before."""

    routes: tuple[Operation, ...]
    reasons: tuple[Reason, ...]
    parameters: tuple[tuple[Operation, str], ...]
    keys: tuple[tuple[Operation, str], ...]


@cache
def first() -> Inventory:
    """Return the inventory of version 1.0."""
    found: Inventory = json.loads(FIRST.read_text())
    return found


def routes_of_first() -> tuple[Operation, ...]:
    """Return the routes of version 1.0, as they are now."""
    return tuple(each for each in operations.every() if each.path in first()["routes"])


@cache
def additions() -> Additions:
    """Return what was added since version 1.0."""
    codes, kept = inventory(openapi.document())["codes"], routes_of_first()
    return Additions(
        routes=tuple(each for each in operations.every() if each not in kept),
        reasons=tuple(Reason.coded(code) for code in codes if code not in first()["codes"]),
        parameters=_added("parameters", kept),
        keys=_added("keys", kept),
    )


def _added(kind: str, kept: tuple[Operation, ...]) -> tuple[tuple[Operation, str], ...]:
    now, then = inventory(openapi.document())["routes"], first()["routes"]
    pairs = [(each, name) for each in kept for name in now[each.path][kind]]
    return tuple((each, name) for each, name in pairs if name not in then[each.path][kind])


def inventory(document: Schema) -> Inventory:
    """Return the names that a document promises: its codes, and the parameters and keys of each route, by path."""
    routes = {path: item["get"] for path, item in document["paths"].items()}
    codes = [
        code for each in routes.values() for answer in each["responses"].values() for code in answer.get(CODES, ())
    ]
    return {
        "codes": list(dict.fromkeys(codes)),
        "routes": {path: _names(operation, document["components"]["schemas"]) for path, operation in routes.items()},
    }


def _names(operation: Schema, schemas: dict[str, Schema]) -> dict[str, list[str]]:
    (content,) = operation["responses"]["200"]["content"].values()
    keys = dict.fromkeys(_keys(content["schema"], schemas))
    return {"parameters": [each["name"] for each in operation.get("parameters", ())], "keys": list(keys)}


def _keys(schema: Schema, schemas: dict[str, Schema], path: str = "") -> Iterator[str]:
    """Yield the keys of an object and of all objects in it, as in `items[].patient.first_name`."""
    if "$ref" in schema:
        yield from _keys(schemas[schema["$ref"].rpartition("/")[2]], schemas, path)
    for choice in schema.get("oneOf", ()):
        yield from _keys(choice, schemas, path)
    if "items" in schema:
        yield from _keys(schema["items"], schemas, f"{path}[]")
    for name, each in schema.get("properties", {}).items():
        key = f"{path}.{name}" if path else name
        yield key
        yield from _keys(each, schemas, key)
