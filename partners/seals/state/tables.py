"""How far each table is sealed: up to when, how many rows, and what waits."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django import db
from django.db.models import Count, Min, Sum
from django.utils import timezone

from partners.formats import damaged
from partners.models.seal import Seal
from partners.seals.attention import LATE
from partners.seals.canonical import rows
from partners.seals.canonical.tables import TABLES, SealedTable

COUNTED = 10_000  # waiting rows that are counted
Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class TableState:
    """One table: how many of its rows are sealed, its last seal, and how many rows wait, the first since when.

    `waiting` is None if whoever owns the database has damaged what tells.
    """

    table: SealedTable
    sealed: int
    last: Seal | None
    waiting: int | None
    since: datetime | None

    @property
    def is_late(self) -> bool:
        return self.since is not None and self.since < timezone.now() - LATE

    @property
    def sealed_shown(self) -> str:
        return f"{self.sealed:,}"

    @property
    def shown(self) -> str:
        """Return how many rows wait, as far as they are counted."""
        if self.waiting is None:
            return "Can't be read"
        return f"{self.waiting:,}{'+' if self.waiting == COUNTED else ''}"


def states() -> list[TableState]:
    """Return the state of each table. It takes two statements for each, and one for the numbers of sealed rows."""
    counted: dict[str, int] = readable(_sealed, {})
    return [_state(table, counted.get(name, 0)) for name, table in TABLES.items()]


def readable(read: Callable[[], Read], otherwise: Read) -> Read:
    """Return what `read` returns, or `otherwise` if the database holds values of another type."""
    try:
        with damaged.readable():
            return read()
    except (db.DataError, ValueError, TypeError, LookupError, AttributeError):
        return otherwise


def _sealed() -> dict[str, int]:
    found = Seal.objects.order_by().values("table").annotate(rows=Sum("count"))
    return {row["table"]: int(row["rows"]) for row in found}


def _state(table: SealedTable, sealed: int) -> TableState:
    last = readable(lambda: _last(table), None)
    nothing: dict[str, Any] = {"number": None, "since": None}
    waiting = readable(lambda: _waiting(table, rows.BELOW_ALL if last is None else last.last_id), nothing)
    return TableState(table, sealed, last, waiting["number"], waiting["since"])


def _last(table: SealedTable) -> Seal | None:
    seals = Seal.objects.filter(table=table.name, last_id__lte=rows.ABOVE_ALL)
    last = seals.order_by("-last_id").first()
    return last if last and last.is_readable else None


def _waiting(table: SealedTable, after: int) -> dict[str, Any]:
    waiting = table.model._default_manager.filter(pk__gt=after).order_by("pk")[:COUNTED]
    return waiting.aggregate(number=Count("pk"), since=Min(table.moment))
