"""Rows without Django's models, and their values as the database takes them.

Making an instance of a model, and asking each of its fields for its value, takes longer than all else that an import
does. A plain row has the attributes that an instance would have, and nothing more.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

import orjson
from django.db import connection
from django.db.models import DateField, DateTimeField, Field, JSONField, Model


def new(model: type[Model], **values: Any) -> SimpleNamespace:
    """Return a row with these values, by attribute, and the defaults for the rest. It has no key yet."""
    shared, made = _defaults(model)
    row = SimpleNamespace(**shared | values)
    for name, make in made:
        if name not in values:
            setattr(row, name, make())
    return row


@cache
def _defaults(model: type[Model]) -> tuple[dict[str, Any], tuple[tuple[str, Any], ...]]:
    """Return the defaults that all rows share, and those that are made for each row."""
    made = {field: field.default for field in columns(model) if field.has_default() and callable(field.default)}
    shared = {field.attname: field.get_default() for field in columns(model) if field not in made}
    return {"pk": None} | shared, tuple((field.attname, make) for field, make in made.items())


@cache
def columns(model: type[Model]) -> tuple[Any, ...]:
    """Return the fields of a model that are columns, without its key."""
    return tuple(field for field in model._meta.local_concrete_fields if not field.primary_key)


def values(rows: Sequence[Any], fields: Sequence[Any]) -> Iterable[tuple[Any, ...]]:
    """Return the values of the fields of each row, as SQLite takes them, and its key."""
    keys, *found = zip(*map(_getter(fields), rows), strict=True)
    return zip(*map(_adapted, fields, found), keys, strict=True)


def as_json(rows: Sequence[Any], fields: Sequence[Any]) -> str:
    """Return the rows as a JSON array of objects, with their keys, for `recordset`."""
    names = ["id", *(field.column for field in fields)]
    found = [dict(zip(names, each, strict=True)) for each in map(_getter(fields), rows)]
    return orjson.dumps(found).decode()


def recordset(fields: Sequence[Any]) -> str:
    """Return PostgreSQL's table of such an array.

    A type has no length here, so that a value that is too long is never cut silently.
    """
    types = (f'"{field.column}" {(field.db_type(connection) or "").partition("(")[0]}' for field in fields)
    return f"json_to_recordset(%s::json) AS new (id bigint, {', '.join(types)})"


def _getter(fields: Iterable[Any]) -> Any:
    return attrgetter("pk", *(field.attname for field in fields))


def _adapted(field: Field, column: Sequence[Any]) -> Sequence[Any]:
    """Return the values of a column. Rows share many times, so each time is converted once."""
    if isinstance(field, JSONField):
        return [value if value is None else field.get_db_prep_save(value, connection) for value in column]
    if isinstance(field, DateField):
        operations, has_time = connection.ops, isinstance(field, DateTimeField)
        adapt = operations.adapt_datetimefield_value if has_time else operations.adapt_datefield_value
        known = {value: adapt(value) for value in set(column)}
        return [known[value] for value in column]
    return column
