"""The exact number of an organization's served encounters, with optional bounds of time. Equally fast at any size.

It is the sum of the counts of the months from the start to the end. The part of the end's month that is before the end
is added, and the part of the start's month that is before the start is subtracted. Each part is counted in whole days,
then in whole hours, and in rows for the last hour.
"""

from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from typing import Any

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
    """Return the total as an SQL expression for the given bounds ("start", "end"). Both databases use the same one."""
    month_before = _MONTH_BEFORE.format(served=SERVED)
    conditions = {"start": " AND starts_at >= %s", "end": " AND starts_at < %s"}
    return _TOTAL.format(
        months="".join(condition for bound, condition in conditions.items() if bound in bounds),
        end=f" + {month_before}" if "end" in bounds else "",
        start=f" - {month_before}" if "start" in bounds else "",
    )


def parameters(organization_pk: int, start_at: datetime | None, end_at: datetime | None) -> list[Any]:
    """Return the parameters of `sql`, in order."""
    start, end = _edges(start_at), _edges(end_at)
    steps = [*pairwise(end), *pairwise(start)]
    return [organization_pk, *start[:1], *end[:1], *(value for step in steps for value in (organization_pk, *step))]


def _edges(bound: datetime | None) -> list[Any]:
    """Return the starts of the month, the day and the hour of a bound, and the bound."""
    if bound is None:
        return []
    bound = bound.astimezone(UTC)
    hour = bound.replace(minute=0, second=0, microsecond=0)
    day = hour.replace(hour=0)
    return [day.replace(day=1), day, hour, bound]
