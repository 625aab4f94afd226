"""A ledger whose past has a partition for each month, as it is some years after the migration."""

from datetime import datetime

from django.db import connection

from partners.partitions import making
from partners.partitions.months import following, month_of
from partners.partitions.present import FIRST, partitions


def execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def divide(oldest: datetime, newest: datetime) -> None:
    """Put a partition for each month from one time to another in the place of the first partition, which is empty.

    The months after it share one, up to the first that was made ahead.
    """
    execute(f"DROP TABLE {FIRST}")
    ahead = partitions(connection)[0].start
    month = month_of(oldest)
    while month < ahead:
        end = following(month) if month <= newest else ahead
        add(f"{month:{making.MONTH}}", month, end)
        month = end


def add(name: str, start: datetime | None, end: datetime) -> None:
    making.table(connection, name)
    making.attach(connection, name, start, end)


def names() -> list[str]:
    """Return the names of the partitions, without that of the ledger."""
    return [each.name.removeprefix("partners_requestrecord_") for each in partitions(connection)]
