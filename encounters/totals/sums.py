"""The exact number of an organization's served encounters, with or without bounds of time, as cheap at any size.

The kept counts of the months between the bounds are added up. With an end comes what its month holds before it, and
with a start goes what its month holds before that: whole days, then whole hours, and of the last hour the rows.
"""

from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from typing import Any

from django.db import connection

from encounters.totals.buckets import SERVED

_TOTAL = """CAST((
    SELECT coalesce(sum(matches), 0) FROM encounters_encountercount
    WHERE organization_id = %s AND grain = 'month'{months}
){end}{start} AS bigint)"""

_MONTH_BEFORE = """((
    SELECT coalesce(sum(matches), 0) FROM encounters_encountercount
    WHERE organization_id = %s AND grain = 'day' AND starts_at >= %s AND starts_at < %s
) + (
    SELECT coalesce(sum(matches), 0) FROM encounters_encountercount
    WHERE organization_id = %s AND grain = 'hour' AND starts_at >= %s AND starts_at < %s
) + (
    SELECT count(*) FROM encounters_encounter
    WHERE organization_id = %s AND {served} AND created_at >= %s AND created_at < %s
))"""


@cache
def sql(bounds: tuple[str, ...]) -> str:
    """Return the total as an expression, for the bounds given ("start", "end"); it is the same on both databases."""
    month_before = _MONTH_BEFORE.format(served=SERVED)
    conditions = {"start": " AND starts_at >= %s", "end": " AND starts_at < %s"}
    return _TOTAL.format(
        months="".join(condition for bound, condition in conditions.items() if bound in bounds),
        end=f" + {month_before}" if "end" in bounds else "",
        start=f" - {month_before}" if "start" in bounds else "",
    )


def parameters(organization_pk: int, start_at: datetime | None, end_at: datetime | None) -> list[Any]:
    """Return the parameters of `sql`, in the order of their places."""
    start, end = _edges(start_at), _edges(end_at)
    steps = [*pairwise(end), *pairwise(start)]
    return [organization_pk, *start[:1], *end[:1], *(value for step in steps for value in (organization_pk, *step))]


def _edges(bound: datetime | None) -> list[Any]:
    """Return when the month, the day and the hour of a bound begin, and the bound, as the database takes them."""
    if bound is None:
        return []
    bound = bound.astimezone(UTC)
    hour = bound.replace(minute=0, second=0, microsecond=0)
    day = hour.replace(hour=0)
    return [connection.ops.adapt_datetimefield_value(edge) for edge in (day.replace(day=1), day, hour, bound)]
