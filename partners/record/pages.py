"""A page of the ledger, newest first: found by an index, without a count, and looking at a bounded number of rows."""

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
    """A direction in time: its order, what lies onward of a moment and what behind, and the step onward."""

    order: str
    onward: str
    behind: str
    step: timedelta


OLDER = Way("-occurred_at", "occurred_at__lte", "occurred_at__gte", -INSTANT)
NEWER = Way("occurred_at", "occurred_at__gte", "occurred_at__lte", INSTANT)


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: `indexed` rows, which an index gives in the order of time, and of them those that fit."""

    indexed: Rows
    fits: Q
    start: datetime | None = None
    end: datetime | None = None

    def candidates(self) -> Rows:
        """Return the rows among which those that fit are looked for."""
        rows = self.indexed if self.start is None else self.indexed.filter(occurred_at__gte=self.start)
        return rows if self.end is None else rows.filter(occurred_at__lt=self.end)


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, the newest first, and the moments at which the pages beside it begin; none where there is no more.

    `looked_to` is where the search broke off, if it did.
    """

    rows: list[RequestRecord]
    older: datetime | None
    newer: datetime | None
    looked_to: datetime | None


def page(search: Search, begin: datetime | None = None, way: Way = OLDER) -> Page:
    """Return the page that begins at a moment, without one the newest; rows of one moment are never parted.

    A search for what no index holds breaks off after `LOOKED_AT` rows; the page beside it goes on from there.
    """
    candidates = search.candidates().order_by(way.order)
    candidates = candidates if begin is None else candidates.filter(**{way.onward: begin})
    edge = _moment(candidates, LOOKED_AT) if search.fits else None
    within = candidates if edge is None else candidates.filter(**{way.behind: edge})
    rows = within.filter(search.fits).select_related("api_key", "organization").defer("encounters", "patients")
    found = list(rows[: PER_PAGE + 1])
    shown, onward = _cut(found, way) if len(found) > PER_PAGE else (found, edge and edge + way.step)
    back = begin and (found[0].occurred_at if found else begin) - way.step
    shown.sort(key=lambda row: (row.occurred_at, row.pk), reverse=True)
    older, newer = (onward, back) if way is OLDER else (back, onward)
    return Page(shown, older, newer, looked_to=edge if len(found) <= PER_PAGE else None)


def _moment(rows: Rows, number: int) -> datetime | None:
    """Return the moment of the row of that number, which the index alone tells; None where there are fewer."""
    return next(iter(rows.values_list("occurred_at", flat=True)[number : number + 1]), None)


def _cut(found: list[RequestRecord], way: Way) -> tuple[list[RequestRecord], datetime]:
    """Return the rows before the last one's moment, and that moment; a page of one moment alone is left whole."""
    last = found[-1].occurred_at
    rows = [row for row in found if row.occurred_at != last]
    return (rows, last) if rows else (found, last + way.step)


def to_address(moment: datetime) -> str:
    """Return a moment as an address holds it: in microseconds, without loss."""
    return str((moment - _EPOCH) // INSTANT)


def from_address(text: str) -> datetime | None:
    """Return the moment that an address holds; None where it holds none."""
    return _EPOCH + int(text) * INSTANT if text.isascii() and text.isdecimal() and len(text) < 18 else None
