"""Pages of the ledger, newest first. An index finds a page, without a count and from a bounded number of rows."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Q, QuerySet

from partners.models import RequestRecord

PER_PAGE, LOOKED_AT = 100, 20_000
INSTANT = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Rows = QuerySet[RequestRecord]


@dataclass(frozen=True, slots=True)
class Way:
    """A direction in time: its order, the conditions for what is onward and what is behind, and the step onward."""

    order: str
    onward: str
    behind: str
    step: timedelta


OLDER = Way("-occurred_at", "occurred_at__lte", "occurred_at__gte", -INSTANT)
NEWER = Way("occurred_at", "occurred_at__gte", "occurred_at__lte", INSTANT)


@dataclass(frozen=True, slots=True)
class Search:
    """A search: `indexed` are the rows that an index returns in order of time; of those, only some fit."""

    indexed: Rows
    fits: Q
    start: datetime | None = None
    end: datetime | None = None

    def candidates(self) -> Rows:
        """Return the rows to search for those that fit."""
        rows = self.indexed if self.start is None else self.indexed.filter(occurred_at__gte=self.start)
        return rows if self.end is None else rows.filter(occurred_at__lt=self.end)


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """Rows, the newest first, and the times at which the older and the newer page begin, if there are such pages.

    `looked_to` is the time at which the search stopped, if it did.
    """

    rows: list[RequestRecord]
    older: datetime | None
    newer: datetime | None
    looked_to: datetime | None


def page(search: Search, begin: datetime | None = None, way: Way = OLDER) -> LedgerPage:
    """Return the page that begins at a time, by default the newest. Rows of the same time are never separated.

    A search that no index supports stops after `LOOKED_AT` rows. The next page continues from there.
    """
    candidates = search.candidates().order_by(way.order)
    candidates = candidates if begin is None else candidates.filter(**{way.onward: begin})
    edge = _moment(candidates, LOOKED_AT) if search.fits else None
    within = candidates if edge is None else candidates.filter(**{way.behind: edge})
    rows = within.filter(search.fits).select_related("api_key", "organization").defer("encounters", "patients")
    found = list(rows[: PER_PAGE + 1])
    shown, onward = _shown(found, edge, way)
    # One instant beyond the first row: going back must not show a row of this page again.
    back = None if begin is None else (found[0].occurred_at if found else begin) - way.step
    shown.sort(key=lambda row: (row.occurred_at, row.pk), reverse=True)
    older, newer = (onward, back) if way is OLDER else (back, onward)
    return LedgerPage(shown, older, newer, looked_to=edge if len(found) <= PER_PAGE else None)


def _shown(found: list[RequestRecord], edge: datetime | None, way: Way) -> tuple[list[RequestRecord], datetime | None]:
    """Return the rows of the page, and where the next one begins if there is one."""
    if len(found) > PER_PAGE:
        return _cut(found, way)
    return found, None if edge is None else edge + way.step


def _moment(rows: Rows, number: int) -> datetime | None:
    """Return the time of the row with that number, read from the index alone, or None if there are fewer."""
    return next(iter(rows.values_list("occurred_at", flat=True)[number : number + 1]), None)


def _cut(found: list[RequestRecord], way: Way) -> tuple[list[RequestRecord], datetime]:
    """Return the rows before the time of the last one, and that time. Rows that all have one time stay together."""
    last = found[-1].occurred_at
    rows = [row for row in found if row.occurred_at != last]
    return (rows, last) if rows else (found, last + way.step)


def to_address(moment: datetime) -> str:
    """Return a time for use in a URL: in microseconds, without loss."""
    return str((moment - _EPOCH) // INSTANT)


def from_address(text: str) -> datetime | None:
    """Return the time from a URL, or None if the text isn't one."""
    return _EPOCH + int(text) * INSTANT if text.isascii() and text.isdecimal() and len(text) < 18 else None
