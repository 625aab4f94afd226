"""The charts of usage: of a key, of an organization and of all calls, and the small bars of lists."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from partners.models import ApiKey, ChangeEvent, Organization
from partners.usage import bars, marks, reading, spans
from partners.usage.bars import SERVED, Bar
from partners.usage.hours import Kind
from partners.usage.marks import Marks
from partners.usage.reading import Count, Progress
from partners.usage.spans import Span

DAY = timedelta(days=1)
DAYS = 7  # bars in a list


@dataclass(frozen=True, slots=True)
class Total:
    """The calls of a span."""

    span: Span
    served: int
    refused: int


@dataclass(frozen=True, slots=True)
class Answer:
    """How many calls got one answer, and its share of the most common one in percent."""

    reason_code: str
    calls: int
    share: int


@dataclass(frozen=True, slots=True)
class Usage:
    """The chart of one span, the totals of all spans, and the answers of the chosen one, served calls first."""

    span: Span
    totals: list[Total]
    bars: list[Bar]
    answers: list[Answer]
    marks: Marks
    progress: Progress

    @property
    def total(self) -> Total:
        """Return the total of the chosen span."""
        return next(total for total in self.totals if total.span is self.span)

    @property
    def since(self) -> datetime:
        return self.bars[0].start

    @property
    def top(self) -> int:
        """Return the end of the scale."""
        return self.bars[0].largest

    @property
    def half(self) -> int:
        """Return the middle of the scale; 0 if it is no whole number."""
        return self.top // 2

    @property
    def query(self) -> str:
        """Return the filter of the list of requests that finds the calls of the chart."""
        return bars.calls_between(self.bars[0].start, self.bars[-1].end)


@dataclass(frozen=True, slots=True)
class Small:
    """The bars of one row of a list, a bar for each of seven days."""

    served: int
    refused: int
    bars: list[Bar]


@dataclass(frozen=True, slots=True)
class SmallCharts:
    """The small charts of a list by primary key. Rows without calls have none."""

    rows: dict[int, Small]
    progress: Progress


def of_key(key: ApiKey, span: str = "") -> Usage:
    """Return the usage of a key in the span of this name."""
    return _usage(Kind.KEY, key.pk, key.events.all(), span)


def of_organization(organization: Organization, span: str = "") -> Usage:
    """Return the usage of all keys of an organization in the span of this name."""
    return _usage(Kind.ORGANIZATION, organization.pk, organization.events.all(), span)


def of_all(span: str = "") -> Usage:
    """Return the usage of all keys in the span of this name."""
    return _usage(Kind.ALL, 0, ChangeEvent.objects.all(), span)


def of_each(kind: Kind, pks: Iterable[int]) -> SmallCharts:
    """Return the small charts of the keys or organizations of a list."""
    now, reached = timezone.now(), reading.progress()
    start, end = spans.WEEK.start(now), spans.WEEK.end(now)
    found: dict[int, list[Count]] = {}
    for count in reading.read(kind, pks, start, end, reached, daily=True):
        found.setdefault(count.owner, []).append(count)
    return SmallCharts({owner: _small(counts, start) for owner, counts in found.items()}, reached)


def _usage(kind: Kind, owner: int, events: QuerySet[ChangeEvent], span_name: str) -> Usage:
    now, reached, span = timezone.now(), reading.progress(), spans.chosen(span_name)
    counts = reading.read(kind, [owner], spans.LONGEST.start(now), spans.LONGEST.end(now), reached)
    start, end = span.start(now), span.end(now)
    found, marked = bars.sums(counts, start, span.length, span.bars), marks.of(events, start, end)
    return Usage(
        span,
        [_total(counts, each, now) for each in spans.SPANS],
        bars.drawn(found, start, span.length, bars.top(found), marks=marked.shown, labelled=span.labelled),
        _answers(count for count in counts if start <= count.start < end),
        marked,
        reached,
    )


def _total(counts: list[Count], span: Span, now: datetime) -> Total:
    ((served, refused),) = bars.sums(counts, span.start(now), span.bars * span.length, 1)
    return Total(span, served, refused)


def _answers(counts: Iterable[Count]) -> list[Answer]:
    """Return the answers, served calls first, then the most common refusals."""
    calls = Counter({SERVED: 0})
    for count in counts:
        calls[count.reason_code] += count.calls
    largest = max(calls.values())
    order = sorted(calls.items(), key=lambda answer: (answer[0] != SERVED, -answer[1], answer[0]))
    return [Answer(code, number, bars.share(number, largest)) for code, number in order]


def _small(counts: list[Count], start: datetime) -> Small:
    found = bars.sums(counts, start, DAY, DAYS)
    served, refused = (sum(each) for each in zip(*found, strict=True))
    return Small(served, refused, bars.drawn(found, start, DAY, max(map(sum, found))))
