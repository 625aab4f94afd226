"""Install the triggers that update the counts. If they were missing, count everything again.

They are installed after every migration, not by one, because SQLite drops a table's triggers whenever it rebuilds the
table. A migration that alters the table of the counts must call `remove` first.
"""

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from encounters.totals import buckets
from encounters.totals.triggers import KEY, SET
from partners.triggers import comparing, installing

_EMPTY = "DELETE FROM encounters_encountercount"
_COUNT = """
INSERT INTO encounters_encountercount ({key}, matches)
SELECT organization_id, grain, starts_at, 0, matches FROM ({counted}) AS counted
ORDER BY organization_id, grain, starts_at
"""


def ensure(connection: BaseDatabaseWrapper) -> None:
    """Install the triggers and count everything again, unless exactly these triggers exist already."""
    if not in_place(connection):
        install(connection)


def in_place(connection: BaseDatabaseWrapper) -> bool:
    """Return True if every trigger exists, matches its definition, and is enabled."""
    return comparing.in_place(connection, SET)


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers and count every served encounter, in one transaction that blocks all writers.

    On PostgreSQL, creating a trigger blocks writers, but not readers, until the transaction ends. On SQLite, the
    transaction itself does.
    """
    counted = buckets.by_grain(connection.vendor, buckets.hours(connection.vendor))
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        installing.create(connection, SET)
        cursor.execute(_EMPTY)
        cursor.execute(_COUNT.format(key=KEY, counted=counted))


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop the triggers. Encounters written after that are not counted until the triggers are installed again."""
    installing.remove(connection, SET)
