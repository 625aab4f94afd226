"""Drift: find the hours whose counts of usage differ from the ledger, and count them again.

Only records up to the progress are compared, so that counting and calls can continue meanwhile.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from partners import pacing
from partners.usage import counting, hours
from partners.usage.hours import HOUR, execute, rows

_NEXT = """
SELECT min(hour) FROM (
    SELECT min(hour) AS hour FROM partners_usagecount WHERE hour >= %s
    UNION ALL SELECT {hour} FROM (SELECT min(occurred_at) AS occurred_at FROM partners_requestrecord
        WHERE occurred_at >= %s AND id <= {counted_to}) AS oldest
) AS next
"""
_OF_HOUR = f"occurred_at >= %s AND occurred_at < %s AND id <= {hours.COUNTED_TO}"
_COMPARED = """
SELECT kind, owner, reason_code, CAST(sum(kept) AS bigint), CAST(sum(truth) AS bigint) FROM (
    SELECT kind, owner, reason_code, calls AS kept, 0 AS truth FROM partners_usagecount WHERE hour = %s
    UNION ALL SELECT kind, owner, reason_code, 0, calls FROM ({counted}) AS counted
) AS compared GROUP BY kind, owner, reason_code HAVING sum(kept) <> sum(truth)
"""
_DROP = "DELETE FROM partners_usagecount WHERE hour = %s"
_COUNT = """
INSERT INTO partners_usagecount (kind, owner, hour, reason_code, calls)
SELECT kind, owner, hour, reason_code, calls FROM ({counted}) AS counted
"""


class Difference(NamedTuple):
    """A stored count and the true one."""

    kind: str
    owner: int
    reason_code: str
    kept: int
    true: int


def each_hour() -> Iterator[datetime]:
    """Yield each hour that has counts or counted records, in order."""
    start, sql = hours.oldest_kept(), _NEXT.format(hour=hours.hour(), counted_to=hours.COUNTED_TO)
    while (found := rows(sql, *[hours.value(start)] * 2)[0][0]) is not None:
        yield (hour := hours.moment(found))
        start = hour + HOUR


def compared(hour: datetime) -> list[Difference]:
    """Return the counts of an hour that differ from the ledger."""
    found = rows(_COMPARED.format(counted=hours.by_kind(_OF_HOUR)), hours.value(hour), *_period(hour))
    return [Difference(*row) for row in found]


def corrected(hour: datetime) -> list[Difference]:
    """Count an hour again if its counts differ, and return how they did."""
    if not compared(hour):
        return []
    with pacing.step():
        counting.lock_progress()
        differences = compared(hour)
        execute(_DROP, hours.value(hour))
        execute(_COUNT.format(counted=hours.by_kind(_OF_HOUR)), *_period(hour))
    return differences


def _period(hour: datetime) -> list[Any]:
    return [hours.value(hour), hours.value(hour + HOUR)]
