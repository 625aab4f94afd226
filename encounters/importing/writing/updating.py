"""Update any number of existing rows with one statement.

Django's `bulk_update` writes a CASE with a branch per row for every column. For a batch these are thousands of
expressions, which take ten times as long as everything else.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Field, Model


def update(rows: Sequence[Model], names: Iterable[str]) -> None:
    """Update the named fields of the rows."""
    if not rows:
        return
    options = rows[0]._meta
    fields: list[Any] = [options.get_field(name) for name in names]
    values = [[value(row, field) for field in (*fields, options.pk)] for row in rows]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_from_arrays(options.db_table, fields), [list(each) for each in zip(*values, strict=True)])
        else:
            cursor.executemany(_of_one(options.db_table, fields), values)


def value(row: Model, field: Any) -> Any:
    """Return the value for the database. For a relation, use the current key: it may be newer than the link."""
    if field.is_relation and field.is_cached(row):
        return field.get_cached_value(row).pk
    return field.get_db_prep_save(getattr(row, field.attname), connection)


def _of_one(table: str, fields: list[Field]) -> str:
    """Return the statement for one row."""
    assignments = ", ".join(f'"{field.column}" = %s' for field in fields)
    return f'UPDATE "{table}" SET {assignments} WHERE id = %s'  # noqa: S608 – names of our own tables and columns


def _from_arrays(table: str, fields: list[Field]) -> str:
    """Return the statement for any number of rows, with a PostgreSQL array for each column and the keys last."""
    assignments = ", ".join(f'"{field.column}" = new."{field.column}"' for field in fields)
    arrays = ", ".join(f"%s::{_type(field)}[]" for field in fields)
    columns = ", ".join(f'"{field.column}"' for field in fields)
    return (
        f'UPDATE "{table}" SET {assignments} FROM unnest({arrays}, %s::bigint[]) '  # noqa: S608 – see above
        f'AS new ({columns}, id) WHERE "{table}".id = new.id'
    )


def _type(field: Field) -> str:
    """Return the column's type without its length, so that a value that is too long is never cut silently."""
    return (field.db_type(connection) or "").partition("(")[0]
