"""What Security must know of the seals: the record is not sealed any more, or the last verification found a fault."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import db
from django.conf import settings
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from partners.models import Seal, Verification
from partners.seals.canonical import rows
from partners.seals.canonical.tables import TABLES, SealedTable

LATE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class SealProblems:
    """Since when rows wait to be sealed, if that is too long, and the last verification, if it found something."""

    waiting_since: datetime | None
    failed: Verification | None

    def __bool__(self) -> bool:
        return bool(self.waiting_since or self.failed)


def problems() -> SealProblems:
    """Return what needs attention. It takes two statements while the record is sealed each minute."""
    return SealProblems(_waiting_since(), _failed())


def _failed() -> Verification | None:
    """Return the last verification with a fault, unless a later one of the whole record found none."""
    last = Verification.objects.filter(Q(first_seal=1) | Q(faults__gt=0)).first()
    return last if last and last.faults else None


def _waiting_since() -> datetime | None:
    limit, sealed_at = timezone.now() - LATE, _last_sealed_at()
    if sealed_at is None and settings.DEVELOPMENT:
        return None  # nobody has begun to seal
    if sealed_at and sealed_at > limit:
        return None
    waiting = [at for at in map(_first_unsealed, TABLES.values()) if at and at < limit]
    return min(waiting, default=None)


def _last_sealed_at() -> datetime | None:
    return _first(Seal.objects.order_by("-number").values_list("sealed_at", flat=True))


def _first_unsealed(table: SealedTable) -> datetime | None:
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
