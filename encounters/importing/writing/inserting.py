"""Insert any number of new rows.

On SQLite, Django's `bulk_create` builds statements with up to 999 values, which takes most of the time for which an
import blocks others.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Model

from encounters.importing.writing.updating import value

# A key is never given twice, even if its row was deleted. The private tables of a dry run have no sequence.
_LAST_KEY = "SELECT max(coalesce((SELECT max(id) FROM {table}), 0), coalesce(max(seq), 0)) FROM sqlite_sequence"


def insert(rows: Sequence[Model]) -> None:
    """Insert the rows, and set their keys. On SQLite, call it in a transaction."""
    if not rows:
        return
    if connection.vendor == "postgresql":
        type(rows[0])._default_manager.bulk_create(rows)
        return
    options = rows[0]._meta
    table, fields = options.db_table, list[Any](options.local_concrete_fields)
    with connection.cursor() as cursor:
        cursor.execute(f"{_LAST_KEY.format(table=table)} WHERE name = %s", [table])
        (last,) = cursor.fetchone()
        for row in rows:
            row.pk = last = last + 1
        cursor.executemany(
            f"INSERT INTO {table} ({', '.join(field.column for field in fields)})"  # noqa: S608 – our own names
            f" VALUES ({', '.join(['%s'] * len(fields))})",
            [[value(row, field) for field in fields] for row in rows],
        )
