"""The recent calls with one key, or with all keys of an organization, from the ledger.

Each statement reads a bounded part of an index, however many rows there are.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from partners.finding.found import Found
from partners.models import ApiKey, KeyNetwork, Organization, RequestRecord
from partners.record.call_groups import CallGroup, grouped

DAY, WEEK = timedelta(hours=24), timedelta(days=7)
COUNTED, READ, SHOWN = 100_000, 200, 10  # answers counted, newest calls read, and groups of them shown
SERVED = ""

Records = QuerySet[RequestRecord]


@dataclass(frozen=True, slots=True)
class Span:
    """A period until now whose answers are all counted. `cut`: it begins later, because there were too many."""

    name: str
    since: datetime
    total: int
    cut: bool


@dataclass(frozen=True, slots=True)
class Line:
    """The number of answers with one code in each span. The code of served calls is blank."""

    reason_code: str
    numbers: list[int]


@dataclass(frozen=True, slots=True)
class Cell:
    """One number in the table, with a bar for its share of the largest number in its column."""

    span: Span
    number: int
    largest: int

    @property
    def shown(self) -> str:
        return f"{self.number:,}"

    @property
    def share(self) -> int:
        """Return the share in percent, rounded up, so that even the smallest number has a bar."""
        return ceil(100 * self.number / max(1, self.largest))


@dataclass(frozen=True, slots=True)
class Counts:
    """The answers of each span, the longest last, and the refusals among them by code, the most common first."""

    spans: list[Span]
    refusals: list[Line]

    @property
    def cut(self) -> bool:
        """Return True if some answers of the longest span are not counted."""
        return self.spans[-1].cut

    @property
    def table(self) -> list[tuple[str, list[Cell]]]:
        """Return the numbers by code, served calls first. They don't get negative if refusals are added meanwhile."""
        refused = [sum(line.numbers[at] for line in self.refusals) for at in range(len(self.spans))]
        served = [max(0, span.total - number) for span, number in zip(self.spans, refused, strict=True)]
        lines = [Line(SERVED, served), *self.refusals]
        largest = [max(line.numbers[at] for line in lines) for at in range(len(self.spans))]
        return [(line.reason_code, list(map(Cell, self.spans, line.numbers, largest))) for line in lines]


@dataclass(frozen=True, slots=True)
class Traffic:
    """Recent calls: the last refusal, the answers by code, the last calls, and the networks, newest first.

    A network first seen after `new_since` is new.
    """

    refused: RequestRecord | None
    counts: Counts
    groups: list[CallGroup]
    networks: Found[KeyNetwork]
    new_since: datetime


def of_key(key: ApiKey) -> Traffic:
    """Return the recent calls with a key."""
    return _traffic(key.records.all(), key.networks.all())


def of_organization(organization: Organization) -> Traffic:
    """Return the recent calls with all keys of an organization."""
    networks = KeyNetwork.objects.filter(api_key__organization=organization)
    return _traffic(organization.records.select_related("api_key"), networks.select_related("api_key"))


def _traffic(records: Records, networks: QuerySet[KeyNetwork]) -> Traffic:
    newest = records.defer("encounters", "patients").order_by("-occurred_at")
    read, now = list(newest[:READ]), timezone.now()
    return Traffic(
        newest.exclude(reason_code=SERVED).first(),
        _counts(records.select_related(None), now),
        grouped(read, more=len(read) == READ)[:SHOWN],
        Found.of(networks.order_by("-first_seen_at", "-pk")),
        now - WEEK,
    )


def _counts(records: Records, now: datetime) -> Counts:
    """Count the newest answers, then the refusals of the same period."""
    week, day = Count("occurred_at"), Count("occurred_at", filter=Q(occurred_at__gt=now - DAY))
    newest = records.filter(occurred_at__gt=now - WEEK).order_by("-occurred_at").values("occurred_at")[: COUNTED + 1]
    counted = newest.aggregate(first=Min("occurred_at"), week=week, day=day)
    spans = [_span("24 hours", now - DAY, counted["day"], counted["first"])]
    if not spans[0].cut:
        spans.append(_span("7 days", now - WEEK, counted["week"], counted["first"]))
    refusals = records.filter(occurred_at__gt=spans[-1].since).exclude(reason_code=SERVED).order_by()
    rows = refusals.values("reason_code").annotate(week=week, day=day).order_by("-week", "reason_code")
    return Counts(spans, [Line(row["reason_code"], [row["day"], row["week"]][: len(spans)]) for row in rows])


def _span(name: str, since: datetime, total: int, first: datetime) -> Span:
    if total > COUNTED:
        return Span(f"since {first:%Y-%m-%d %H:%M} UTC", first, COUNTED, cut=True)
    return Span(name, since, total, cut=False)
