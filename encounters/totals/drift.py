"""Drift: find where the stored counts differ from the encounters, month by month, and correct them.

A difference does not change while the triggers go on counting. So it can be corrected a moment after it was found, and
writers of encounters never have to wait.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from encounters.totals import buckets
from encounters.totals.buckets import GRAINS, SERVED
from encounters.totals.triggers import KEY, SLOT
from partners import pacing

# The first month from an instant on that has served encounters or counts. It takes four index look-ups.
_NEXT_MONTH = """
SELECT {month} FROM (
    SELECT min(created_at) AS instant FROM encounters_encounter
    WHERE organization_id = %s AND {served} AND created_at >= %s{counts}
) AS instants
"""
_NEXT_COUNT = """
    UNION ALL SELECT min(starts_at) FROM encounters_encountercount
    WHERE organization_id = %s AND grain = '{grain}' AND starts_at >= %s"""
_MONTH = {"postgresql": "to_char(min(instant) AT TIME ZONE 'UTC', 'YYYY-MM')", "sqlite": "substr(min(instant), 1, 7)"}

_COMPARED = """
SELECT grain, starts_at, CAST(sum(kept) AS bigint), CAST(sum(matches) AS bigint) FROM (
    SELECT grain, starts_at, matches AS kept, 0 AS matches FROM encounters_encountercount
    WHERE organization_id = %s AND grain IN ({grains}) AND starts_at BETWEEN %s AND %s
    UNION ALL
    SELECT grain, starts_at, 0, matches FROM ({counted}) AS counted
) AS compared
GROUP BY grain, starts_at HAVING sum(kept) <> sum(matches) OR grain = 'month'
"""

# A correction is a write like others: it must wait while the encounters are emptied or counted again.
_LOCK = "LOCK TABLE encounters_encounter IN ROW EXCLUSIVE MODE"
_CORRECT = """
INSERT INTO encounters_encountercount ({key}, matches) VALUES (%s, %s, %s, {slot}, %s)
ON CONFLICT ({key}) DO UPDATE SET matches = encounters_encountercount.matches + excluded.matches
"""


class Month(NamedTuple):
    """A month of UTC, from its first instant to its last."""

    first: datetime
    last: datetime


class Count(NamedTuple):
    """The stored and the true count of a bucket."""

    grain: str
    starts_at: Any  # as the database gives it
    kept: int
    true: int


def months(organization_pk: int) -> Iterator[Month]:
    """Yield each month in which the organization has served encounters or counts, in order."""
    month: Month | None = _next_month(organization_pk, datetime.min.replace(tzinfo=UTC))
    while month is not None:
        yield month
        is_last_of_all = month.last.replace(tzinfo=None) == datetime.max
        month = None if is_last_of_all else _next_month(organization_pk, month.last + timedelta(microseconds=1))


def compared(organization_pk: int, month: Month) -> list[Count]:
    """Return the buckets of a month that differ, and always the month's own bucket, from one statement."""
    of_month = "organization_id = %s AND created_at BETWEEN %s AND %s"
    hours = buckets.hours(connection.vendor, condition=f"{SERVED} AND {of_month}")
    grains = ", ".join(f"'{grain}'" for grain in GRAINS)
    sql = _COMPARED.format(grains=grains, counted=buckets.by_grain(connection.vendor, hours))
    within = [organization_pk, *map(connection.ops.adapt_datetimefield_value, month)]
    with connection.cursor() as cursor:
        cursor.execute(sql, within * 2)
        return [Count(*row) for row in cursor.fetchall()]


def corrected(organization_pk: int, month: Month) -> list[Count]:
    """Correct the buckets that differ, and return what `compared` found.

    Only a month that differs is compared again in a transaction, which on SQLite blocks all writers.
    """
    counts = compared(organization_pk, month)
    if all(count.kept == count.true for count in counts):
        return counts
    sql = _CORRECT.format(key=KEY, slot=SLOT[connection.vendor])
    with pacing.step(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_LOCK)
        counts = compared(organization_pk, month)
        for count in counts:
            if count.kept != count.true:
                cursor.execute(sql, [organization_pk, count.grain, count.starts_at, count.true - count.kept])
    return counts


def _next_month(organization_pk: int, instant: datetime) -> Month | None:
    counts = "".join(_NEXT_COUNT.format(grain=grain) for grain in GRAINS)
    sql = _NEXT_MONTH.format(month=_MONTH[connection.vendor], served=SERVED, counts=counts)
    after = [organization_pk, connection.ops.adapt_datetimefield_value(instant)]
    with connection.cursor() as cursor:
        cursor.execute(sql, after * (1 + len(GRAINS)))
        (found,) = cursor.fetchone()
    return None if found is None else _month(*map(int, found.split("-")))


def _month(year: int, month: int) -> Month:
    first = datetime(year, month, 1, tzinfo=UTC)
    last_day = monthrange(year, month)[1]
    return Month(first, first.replace(day=last_day, hour=23, minute=59, second=59, microsecond=999_999))
