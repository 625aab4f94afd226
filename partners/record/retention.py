"""Retention: how long records are kept, and how older ones are deleted."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from partners import pacing
from partners.formats.moments import years_before
from partners.models import RequestRecord, UnkeyedCount
from partners.models.change import Action, Change, ChangeEvent
from partners.partitions import dropping, present

SHORTEST = 6  # years: 45 CFR 164.316(b)(2)(i) and 164.528(a); triggers refuse to delete younger records


class RecordKind(NamedTuple):
    """One kind of record: `moment` is the field with its age, `order` an indexed field that puts the oldest first."""

    name: str
    model: Any
    moment: str
    order: str


REQUESTS = "requests"
RECORD_KINDS = (
    RecordKind(REQUESTS, RequestRecord, "occurred_at", "occurred_at"),
    RecordKind("changes", ChangeEvent, "occurred_at", "pk"),
    RecordKind("unkeyed_counts", UnkeyedCount, "minute", "minute"),
)


class ShortLived(NamedTuple):
    """Rows of another app that are kept for days: how many are due, and how to delete them in batches of a size.

    `told` says which and when, such as "invented rows after 9 days".
    """

    due: Callable[[], int]
    prune: Callable[[int], int]
    told: str


# By name. Filled while the applications start.
SHORT_LIVED: dict[str, ShortLived] = {}


def register(name: str, rows: ShortLived) -> None:
    """Delete these rows, too, whenever records are pruned."""
    SHORT_LIVED[name] = rows


def years() -> int:
    """Return for how many years this deployment keeps records."""
    stated: int = settings.RETENTION_YEARS
    return max(SHORTEST, stated)


@dataclass(slots=True)
class Pruning:
    """One deletion of records that are older than a number of years, counted from the start of today in UTC."""

    years: int
    batch: int
    cutoff: datetime = field(init=False)
    numbers: Counter[str] = field(init=False)

    def __post_init__(self) -> None:
        """Set the cutoff; raise ValidationError for fewer years than records must be kept here."""
        if self.years < years():
            raise ValidationError(
                f"This deployment keeps records for {years()} years: --years must be {years()} or more.",
                code="too_young",
            )
        self.cutoff = years_before(timezone.now(), self.years)
        self.numbers = Counter({kind.name: 0 for kind in RECORD_KINDS})

    def count(self) -> None:
        for kind in RECORD_KINDS:
            self.numbers[kind.name] = self._due(kind).count()

    def run(self, change: Change) -> None:
        """Delete the records that are due. An interrupted run can be repeated.

        A month of the ledger that has a partition goes whole, all else in batches, each in its own transaction.

        The start is recorded with the first batch, the numbers at the end. Simultaneous runs share the work: on
        PostgreSQL each skips the rows that another is deleting, on SQLite they wait for each other.
        """
        try:
            for number in dropping.drop(connection, self.cutoff, partial(self._begin, change)):
                self.numbers[REQUESTS] += number
            for kind in RECORD_KINDS:
                rows = self._due(kind)
                while (last := self._delete_batch(change, kind, rows)) is not None:
                    rows = self._due(kind).filter(**{f"{kind.order}__gte": last})
        finally:
            if self.numbers.total():
                self._keep(change, **self.numbers)

    def _delete_batch(self, change: Change, kind: RecordKind, rows: QuerySet[Any]) -> Any:
        """Delete the next rows and return the order value of the last one, or None if there are none."""
        with pacing.step():
            locked = rows.select_for_update(skip_locked=True).values_list("pk", kind.order)
            batch = list(locked[: self.batch])
            self._begin(change, len(batch))
            deleted, _ = self._due(kind).order_by().filter(pk__in=[pk for pk, _ in batch]).delete()
        self.numbers[kind.name] += deleted
        return batch[-1][1] if batch else None

    def _due(self, kind: RecordKind) -> QuerySet[Any]:
        """Return what is due, the oldest first. A month that has a partition is dropped whole, so no part of it is."""
        until = present.whole_months_before(connection, self.cutoff) if kind.name == REQUESTS else self.cutoff
        rows: QuerySet[Any] = kind.model.objects.filter(**{f"{kind.moment}__lt": until})
        return rows.order_by(kind.order)

    def _begin(self, change: Change, number: int) -> None:
        """Record that rows go, unless this run has already done so."""
        if number and not self.numbers.total():
            self._keep(change, begun=True)

    def _keep(self, change: Change, **facts: Any) -> None:
        after = {"older_than": self.cutoff.isoformat(), "years": self.years} | facts
        ChangeEvent.record(Action.RECORDS_PRUNED, change, after=after)
