"""Update any number of existing rows with one statement.

Django's `bulk_update` writes a CASE with a branch per row for every column. For a batch these are thousands of
expressions, which take ten times as long as everything else.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Model

from encounters.importing.writing import plain


def update(model: type[Model], rows: Sequence[Any], names: Iterable[str]) -> None:
    """Update the named fields of the rows."""
    if not rows:
        return
    table, fields = model._meta.db_table, [model._meta.get_field(name) for name in names]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_of_all(table, fields), [plain.as_json(rows, fields)])
        else:
            cursor.executemany(_of_one(table, fields), list(plain.values(rows, fields)))


def _of_one(table: str, fields: Sequence[Any]) -> str:
    """Return the statement for one row."""
    assignments = ", ".join(f'"{field.column}" = %s' for field in fields)
    return f'UPDATE "{table}" SET {assignments} WHERE id = %s'  # noqa: S608 – names of our own tables and columns


def _of_all(table: str, fields: Sequence[Any]) -> str:
    """Return the statement for any number of rows."""
    assignments = ", ".join(f'"{field.column}" = new."{field.column}"' for field in fields)
    return (
        f'UPDATE "{table}" SET {assignments} FROM {plain.recordset(fields)}'  # noqa: S608 – see above
        f' WHERE "{table}".id = new.id'
    )
