"""The objects of responses: the schemas of the OpenAPI document, with the meaning of each key."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from chartero import openapi
from chartero.docs import fields

Schema = dict[str, Any]
NULL = {"type": "null"}


@dataclass(frozen=True, slots=True)
class Type:
    """A type in words. The objects that it can be are apart from the words, because they are links."""

    before: str = ""
    objects: tuple[str, ...] = ()
    after: str = ""
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Key:
    """One key of an object."""

    name: str
    type: Type
    meaning: str


@dataclass(frozen=True, slots=True)
class Object:
    """One kind of object."""

    name: str
    meaning: str
    keys: tuple[Key, ...]


@cache
def every() -> tuple[Object, ...]:
    """Return every object. Sets of values and choices of objects are part of the types of keys."""
    return tuple(_object(name, schema) for name, schema in _schemas().items() if "properties" in schema)


def type_of(schema: Schema) -> Type:
    """Return the type of a schema in words."""
    if "$ref" in schema:
        return _referred(schema["$ref"])
    if "oneOf" in schema:
        return _one_of(schema["oneOf"])
    if schema["type"] == "array":
        inner = type_of(schema["items"])
        return replace(inner, before="list of " + (f"{inner.before}s" if inner.before else ""))
    return _simple(schema)


def _referred(reference: str) -> Type:
    name = reference.rpartition("/")[2]
    schema = _schemas()[name]
    return Type(objects=(name,)) if "properties" in schema else type_of(schema)


def _one_of(schemas: list[Schema]) -> Type:
    choices = [type_of(each) for each in schemas if each != NULL]
    found = replace(choices[0], objects=tuple(name for each in choices for name in each.objects))
    return _or_null(found) if NULL in schemas else found


def _simple(schema: Schema) -> Type:
    names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    name = next(each for each in names if each != "null")
    words = schema.get("format", name) if name == "string" else name
    found = Type(words, values=(schema["const"],) if "const" in schema else tuple(schema.get("enum", ())))
    return _or_null(found) if "null" in names else found


def _or_null(found: Type) -> Type:
    return replace(found, after=f"{found.after} or null")


def _object(name: str, schema: Schema) -> Object:
    keys = [Key(key, type_of(each), _meaning(name, key, each)) for key, each in schema["properties"].items()]
    return Object(name, schema["description"], tuple(keys))


def _meaning(name: str, key: str, schema: Schema) -> str:
    """Return the meaning of a key, or else of the object that it holds."""
    held = _schemas()[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else {}
    return str(schema.get("description") or fields.meaning(name, key) or held["description"])


def _schemas() -> dict[str, Schema]:
    schemas: dict[str, Schema] = openapi.document()["components"]["schemas"]
    return schemas
