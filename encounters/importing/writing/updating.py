"""Rows that exist already, written anew by one statement, however many there are.

Django's `bulk_update` would write a CASE with a branch for each row to each column: for a batch, thousands of
expressions, which cost ten times what all else does.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Field, Model


def update(rows: Sequence[Model], names: Iterable[str]) -> None:
    """Write the named fields of the rows."""
    if not rows:
        return
    options = rows[0]._meta
    fields: list[Any] = [options.get_field(name) for name in names]
    values = [[_value(row, field) for field in (*fields, options.pk)] for row in rows]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_from_arrays(options.db_table, fields), [list(each) for each in zip(*values, strict=True)])
        else:
            cursor.executemany(_of_one(options.db_table, fields), values)


def _value(row: Model, field: Any) -> Any:
    """Return what the database is to hold; of another row its key, which it may have got after it was linked."""
    if field.is_relation and field.is_cached(row):
        return field.get_cached_value(row).pk
    return field.get_db_prep_save(getattr(row, field.attname), connection)


def _of_one(table: str, fields: list[Field]) -> str:
    """Return the statement for one row."""
    assignments = ", ".join(f'"{field.column}" = %s' for field in fields)
    return f'UPDATE "{table}" SET {assignments} WHERE id = %s'  # noqa: S608 – names of our own tables and columns


def _from_arrays(table: str, fields: list[Field]) -> str:
    """Return the statement for any number of rows, in PostgreSQL's arrays: one to a column, the keys last."""
    assignments = ", ".join(f'"{field.column}" = new."{field.column}"' for field in fields)
    arrays = ", ".join(f"%s::{_type(field)}[]" for field in fields)
    columns = ", ".join(f'"{field.column}"' for field in fields)
    return (
        f'UPDATE "{table}" SET {assignments} FROM unnest({arrays}, %s::bigint[]) '  # noqa: S608 – see above
        f'AS new ({columns}, id) WHERE "{table}".id = new.id'
    )


def _type(field: Field) -> str:
    """Return the column's type without its length, so that nothing too long is cut in silence."""
    return (field.db_type(connection) or "").partition("(")[0]
