"""Insert any number of new rows with one statement.

Django's `bulk_create` asks each field of each row for its value, its SQL and its placeholder. On SQLite it also splits
a batch into statements with up to 999 values, for which an import blocks others.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Model

from encounters.importing.writing import plain

# A key is never given twice, even if its row was deleted. The private tables of a dry run have no sequence.
_LAST_KEY = "SELECT max(coalesce((SELECT max(id) FROM {table}), 0), coalesce(max(seq), 0)) FROM sqlite_sequence"


def insert(model: type[Model], rows: Sequence[Any]) -> None:
    """Insert the rows, and set their keys. On SQLite, call it in a transaction."""
    if not rows:
        return
    table, fields = model._meta.db_table, plain.columns(model)
    columns = ", ".join(f'"{field.column}"' for field in fields)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f'INSERT INTO "{table}" ({columns}) SELECT {columns}'  # noqa: S608 – our own names
                f" FROM {plain.recordset(fields)} RETURNING id",
                [plain.as_json(rows, fields)],
            )
            for row, (key,) in zip(rows, cursor.fetchall(), strict=True):  # in this order, as for bulk_create
                row.pk = key
            return
        cursor.execute(f"{_LAST_KEY.format(table=table)} WHERE name = %s", [table])
        (last,) = cursor.fetchone()
        for key, row in enumerate(rows, last + 1):
            row.pk = key
        cursor.executemany(
            f'INSERT INTO "{table}" ({columns}, id)'  # noqa: S608 – our own names
            f" VALUES ({', '.join(['%s'] * (len(fields) + 1))})",
            list(plain.values(rows, fields)),
        )
