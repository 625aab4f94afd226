"""The partitions that the ledger has. On SQLite it is one table, and has none."""

from datetime import datetime
from typing import NamedTuple

from django.db.backends.base.base import BaseDatabaseWrapper

from partners.partitions.months import following, month_of

LEDGER = "partners_requestrecord"
FIRST, NET = f"{LEDGER}_first", f"{LEDGER}_net"
NEEDED = 2  # months ahead; with fewer, somebody has to look why nobody makes them

_PARTITIONS = r"""
SELECT relname, bounds = 'DEFAULT', substring(bounds FROM 'FROM \(''([^'']+)''\)')::timestamptz,
    substring(bounds FROM 'TO \(''([^'']+)''\)')::timestamptz AS until
FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid, pg_get_expr(relpartbound, pg_class.oid) AS bounds
WHERE inhparent = to_regclass(%s) ORDER BY until NULLS LAST
"""
_IN_GAPS = "EXISTS (SELECT FROM partners_requestrecord WHERE {gaps})"
_LOOK = """
SELECT {in_gaps}, ARRAY(
    SELECT conrelid::regclass::text FROM pg_constraint
    WHERE conname = 'bounds' AND conrelid IN (to_regclass(%s), to_regclass(%s)))
"""
_GAP = "(occurred_at >= coalesce(%s::timestamptz, '-infinity') AND occurred_at < coalesce(%s::timestamptz, 'infinity'))"


class Partition(NamedTuple):
    """One partition: rows from `start` until before `end`. The first has no start, and the net neither."""

    name: str
    is_net: bool
    start: datetime | None
    end: datetime | None

    def covers(self, moment: datetime) -> bool:
        """Return True if a row of this time belongs here. The net has only what belongs nowhere else."""
        return self.end is not None and (self.start is None or self.start <= moment) and moment < self.end


def partitions(connection: BaseDatabaseWrapper) -> list[Partition]:
    """Return the partitions in the order of time, the net last."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(_PARTITIONS, [LEDGER])
        return [Partition(*row) for row in cursor.fetchall()]


def ends_before(connection: BaseDatabaseWrapper, cutoff: datetime) -> list[Partition]:
    """Return the partitions all of whose rows are older."""
    return [each for each in partitions(connection) if each.end is not None and each.end <= cutoff]


def whole_months_before(connection: BaseDatabaseWrapper, cutoff: datetime) -> datetime:
    """Return the time before which rows may go: those of a month go together, when the last of them is old enough."""
    months = [each.start for each in partitions(connection) if each.start is not None and each.covers(cutoff)]
    return months[0] if months else cutoff


def lacking(connection: BaseDatabaseWrapper, number: int = NEEDED) -> list[datetime]:
    """Return this month and the next ones without a partition, by the clock of the database."""
    return _lacking(connection, partitions(connection), number)


def _lacking(connection: BaseDatabaseWrapper, found: list[Partition], number: int) -> list[datetime]:
    if not found:
        return []
    month = month_of(now(connection))
    months = [month, *(following(month, ahead) for ahead in range(1, number + 1))]
    return [each for each in months if not any(partition.covers(each) for partition in found)]


def now(connection: BaseDatabaseWrapper) -> datetime:
    """Return the time of the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment


def faults(connection: BaseDatabaseWrapper) -> list[str]:
    """Return what somebody has to look at: months that are not made, rows in the net, and checks that were left over.

    Calls fail only of the last, and only from the month on that the check shuts out.
    """
    if connection.vendor != "postgresql":
        return []
    found = partitions(connection)
    missing = [f"no partition for {month:%Y-%m}" for month in _lacking(connection, found, NEEDED)]
    in_net, bounded = _looked(connection, found)
    left = [f"{name} has the constraint bounds, which will refuse rows" for name in bounded]
    return [*missing, *(["the net holds rows"] if in_net else []), *left]


def holds_rows(connection: BaseDatabaseWrapper) -> bool:
    """Return True if a row came for whose month there was no partition."""
    return _looked(connection, partitions(connection))[0]


def _looked(connection: BaseDatabaseWrapper, found: list[Partition]) -> tuple[bool, list[str]]:
    """Return whether the net holds rows, and the tables with a check that a run has left, in one statement.

    A row is looked for by its time, since the web role may read the net only as a part of the ledger.
    """
    ranges = [each for each in found if each.end is not None]
    lows, highs = [None, *(each.end for each in ranges)], [*(each.start for each in ranges), None]
    gaps = [gap for gap in zip(lows, highs, strict=True) if gap[0] != gap[1]]
    in_gaps = _IN_GAPS.format(gaps=" OR ".join([_GAP] * len(gaps))) if gaps else "FALSE"
    with connection.cursor() as cursor:
        cursor.execute(_LOOK.format(in_gaps=in_gaps), [*(edge for gap in gaps for edge in gap), LEDGER, NET])
        in_net, bounded = cursor.fetchone()
    return bool(in_net), list(bounded)
