"""Read counts of usage: the sums of counted records, and the records that are not counted yet from the ledger itself.

Both come from one statement, and so from one state of the database: a record is in either, never in both or neither.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db import OperationalError, transaction

from partners.usage import counting, hours
from partners.usage.hours import Kind

UNCOUNTED = 10_000  # records that a page leaves uncounted; with more it adds a batch first
READ = 2 * UNCOUNTED  # records that a page reads beside the counts
PATIENCE = 0.05  # seconds that a page waits for transactions that write records

_PROGRESS = """
SELECT {counted_to},
    coalesce((SELECT min(id) FROM partners_requestrecord), 1),
    coalesce((SELECT max(id) FROM partners_requestrecord), 0)
"""
# `id > %s` gives the plan its bound. The progress may be further by now, and the same statement reads it with the
# counts. The plus keeps the databases from any other index, which would lead through records of weeks.
_READ = """
SELECT owner, {start}, reason_code, CAST(sum(calls) AS bigint) FROM (
    SELECT owner, hour, reason_code, calls FROM partners_usagecount
    WHERE kind = %s AND owner IN ({owners}) AND hour >= %s AND hour < %s
    UNION ALL
    SELECT {owner}, {hour}, reason_code, 1 FROM partners_requestrecord
    WHERE id > %s AND id > {counted_to} AND {owner} IN ({owners})
) AS answers WHERE hour >= %s AND hour < %s GROUP BY owner, {start}, reason_code
"""
_OWNER = {Kind.ALL: "+0", Kind.ORGANIZATION: "+organization_id", Kind.KEY: "+api_key_id"}


class Count(NamedTuple):
    """How many calls of an owner got one answer in an hour or a day. The code of served calls is blank."""

    owner: int
    start: datetime
    reason_code: str
    calls: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Up to which record usage is counted, and the first and the last record."""

    counted_to: int
    first: int
    last: int

    @property
    def waiting(self) -> int:
        """Return how many records are not counted yet."""
        return self.last - max(self.counted_to, self.first - 1)

    @property
    def is_behind(self) -> bool:
        """Return True if too many records wait for a page to read them, so that it shows only the counts."""
        return self.waiting > READ


def progress() -> Progress:
    """Return how far usage is counted. If many records wait, add a batch of them first."""
    now = found()
    return found() if now.waiting > UNCOUNTED and _added() else now


def found() -> Progress:
    """Return how far usage is counted."""
    return Progress(*hours.rows(_PROGRESS.format(counted_to=hours.COUNTED_TO))[0])


def read(
    kind: Kind, owners: Iterable[int], since: datetime, until: datetime, reached: Progress, *, daily: bool = False
) -> list[Count]:
    """Return the counts of these owners by hour, or by day, from `since` until before `until`."""
    pks = [*owners]
    if not pks:
        return []
    start, first = hours.day() if daily else "hour", reached.last if reached.is_behind else reached.counted_to
    parts = {"start": start, "hour": hours.hour(), "counted_to": hours.COUNTED_TO}
    parts |= {"owner": _OWNER[kind], "owners": ", ".join(["%s"] * len(pks))}
    period = hours.value(since), hours.value(until)
    rows = hours.rows(_READ.format(**parts), kind.value, *pks, *period, first, *pks, *period)
    return [Count(owner, hours.moment(begins), code, calls) for owner, begins, code, calls in rows]


def _added() -> bool:
    """Add a batch of records. A page is shown even if the database is too busy for that."""
    try:
        with transaction.atomic():
            return counting.add_batch(PATIENCE) > 0
    except OperationalError:
        return False
