"""Pages of a record, newest first: of requests, or of changes.

An index finds a page, without a count and from a bounded number of rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from django.db.models import Q, QuerySet

from partners.models import ChangeEvent, RequestRecord

PER_PAGE, LOOKED_AT = 20, 20_000
INSTANT = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Row = TypeVar("Row", RequestRecord, ChangeEvent)


@dataclass(frozen=True, slots=True)
class Way:
    """A direction in time: its sign, the conditions for what is onward and what is behind, and the step onward."""

    sign: str
    onward: str
    behind: str
    step: timedelta


OLDER = Way("-", "occurred_at__lte", "occurred_at__gte", -INSTANT)
NEWER = Way("", "occurred_at__gte", "occurred_at__lte", INSTANT)


@dataclass(frozen=True, slots=True)
class Search(Generic[Row]):
    """A search: `indexed` are the rows that an index returns in order of time; of those, only some fit.

    A page has `per_page` rows, by default `PER_PAGE`. `then` is what follows the time in the index, if it matters:
    SQLite takes a partial index only for an order that no smaller index has.
    """

    indexed: "QuerySet[Row]"
    fits: Q
    start: datetime | None = None
    end: datetime | None = None
    per_page: int | None = None
    then: str = ""

    def candidates(self, way: Way) -> "QuerySet[Row]":
        """Return the rows to search for those that fit, in the order of a way."""
        rows = self.indexed if self.start is None else self.indexed.filter(occurred_at__gte=self.start)
        rows = rows if self.end is None else rows.filter(occurred_at__lt=self.end)
        return rows.order_by(*(f"{way.sign}{name}" for name in ("occurred_at", self.then) if name))


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows, the newest first, and the times at which the older and the newer page begin, if there are such pages.

    `looked_to` is the time at which the search stopped, if it did.
    """

    rows: list[Row]
    older: datetime | None
    newer: datetime | None
    looked_to: datetime | None


def page(search: Search[Row], begin: datetime | None = None, way: Way = OLDER) -> Page[Row]:
    """Return the page that begins at a time, by default the newest. Rows of the same time are never separated.

    A search that no index supports stops after `LOOKED_AT` rows. The next page continues from there.
    """
    candidates = search.candidates(way)
    candidates = candidates if begin is None else candidates.filter(**{way.onward: begin})
    edge = _moment(candidates, LOOKED_AT) if search.fits else None
    within = candidates if edge is None else candidates.filter(**{way.behind: edge})
    size = search.per_page or PER_PAGE
    found = list(within.filter(search.fits).select_related("api_key", "organization")[: size + 1])
    is_full = len(found) > size
    shown, onward = _cut(found, way) if is_full else (found, None if edge is None else edge + way.step)
    # One instant beyond the first row: going back must not show a row of this page again.
    back = None if begin is None else (found[0].occurred_at if found else begin) - way.step
    shown.sort(key=lambda row: (row.occurred_at, row.pk), reverse=True)
    older, newer = (onward, back) if way is OLDER else (back, onward)
    return Page(shown, older, newer, looked_to=None if is_full else edge)


def all_pages(search: Search[Row]) -> Iterator[Page[Row]]:
    """Yield every page, the newest first. The last one has no older page."""
    older: datetime | None = None
    while True:
        found = page(search, older)
        yield found
        if (older := found.older) is None:
            return


def page_at(search: Search[Row], newer: str, older: str) -> Page[Row]:
    """Return the page that a URL names by its time, as `to_address` wrote it; without one, the newest."""
    for text, way in ((newer, NEWER), (older, OLDER)):
        if begin := from_address(text):
            return page(search, begin, way)
    return page(search)


def _moment(rows: "QuerySet[Row]", number: int) -> datetime | None:
    """Return the time of the row with that number, read from the index alone, or None if there are fewer."""
    return next(iter(rows.values_list("occurred_at", flat=True)[number : number + 1]), None)


def _cut(found: list[Row], way: Way) -> tuple[list[Row], datetime]:
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
