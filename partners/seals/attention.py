"""What Security must know of the seals: the record is not sealed any more, or the last verification found a fault."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import db
from django.conf import settings
from django.db.models import Max, QuerySet
from django.utils import timezone

from partners.models import Seal, Verification
from partners.seals.canonical import rows
from partners.seals.canonical.tables import TABLES, SealedTable

LATE = timedelta(minutes=10)
NEWEST = 30  # seals that are looked at: those of ten minutes, if each table is sealed each minute


@dataclass(frozen=True, slots=True)
class SealProblems:
    """Since when rows wait to be sealed, if too long, and the last verification, if its faults are unexplained."""

    waiting_since: datetime | None
    failed: Verification | None

    def __bool__(self) -> bool:
        return bool(self.waiting_since or self.failed)


def problems() -> SealProblems:
    """Return what needs attention. It takes two statements, and two more for each table without a new seal."""
    last = Verification.objects.that_count().first()
    return SealProblems(_waiting_since(), last if last and last.is_open else None)


def _waiting_since() -> datetime | None:
    limit, newest = timezone.now() - LATE, _newest_seals()
    if not newest and settings.DEVELOPMENT:
        return None  # nobody has begun to seal
    sealed = {table for table, at in newest if at > limit}
    waiting = [first_unsealed(table) for name, table in TABLES.items() if name not in sealed]
    return min((at for at in waiting if at and at < limit), default=None)


def _newest_seals() -> list[tuple[str, datetime]]:
    """Return the tables and times of the newest seals; none if whoever owns the database has damaged one."""
    newest = Seal.objects.order_by("-number").values_list("table", "sealed_at")[:NEWEST]
    try:
        found = [*newest]
    except (db.DataError, ValueError):
        return []
    return found if all(isinstance(at, datetime) for _, at in found) else []


def first_unsealed(table: SealedTable) -> datetime | None:
    """Return the time of the first row above all seals. SQLite can hold ids of seals that are no numbers."""
    seals = Seal.objects.filter(table=table.name, last_id__lte=rows.ABOVE_ALL)
    last = seals.aggregate(last=Max("last_id"))["last"]
    unsealed = table.model._default_manager.filter(pk__gt=rows.BELOW_ALL if last is None else last)
    return _first(unsealed.order_by("pk").values_list(table.moment, flat=True))


def _first(times: QuerySet[Any]) -> datetime | None:
    """Return the first of these times; None without one, or if whoever owns the database has damaged it."""
    try:
        found = times.first()
    except (db.DataError, ValueError):
        return None
    return found if isinstance(found, datetime) else None
