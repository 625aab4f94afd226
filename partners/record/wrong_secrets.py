"""Calls of the last 24 hours that carried a key's public part with a wrong secret: a damaged copy, or a guess.

Each number is the least that is certain: in a flood, only the most common public parts of a minute are counted.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, QuerySet, Sum
from django.utils import timezone

from partners.catalogue.reasons import Reason
from partners.finding.found import Found
from partners.models import ApiKey, UnkeyedCount
from partners.record.traffic import DAY

MANY = 20  # such calls in 24 hours that need attention


@dataclass(frozen=True, slots=True)
class WrongSecrets:
    """How many such calls there were for a key, from how many addresses, and when the last was, to the minute."""

    key: ApiKey
    number: int
    sources: int
    last_at: datetime

    @property
    def shown(self) -> str:
        return f"{self.number:,}"


def of_key(key: ApiKey) -> WrongSecrets | None:
    """Return the calls for one key; None if there were none."""
    row = _counted().filter(public_part=key.public_part).first()
    return None if row is None else _found(key, row)


def keys_with_many() -> Found[WrongSecrets]:
    """Return the keys for which there were many, those with the most first."""
    found = Found.of(_counted().filter(number__gte=MANY).order_by("-number", "public_part"))
    parts = {row["public_part"] for row in found.rows}
    keys = {key.public_part: key for key in ApiKey.objects.select_related("organization").filter(public_part__in=parts)}
    return Found([_found(keys[row["public_part"]], row) for row in found.rows], found.total)


def _counted() -> "QuerySet[Any, Any]":
    """Return a row for each public part that belongs to a key."""
    rows = UnkeyedCount.objects.filter(minute__gt=timezone.now() - DAY, reason_code=Reason.INVALID_KEY.code)
    of_keys = rows.filter(public_part__in=ApiKey.objects.values("public_part"))
    sums = {"number": Sum("count"), "sources": Count("source", distinct=True), "last_at": Max("minute")}
    return of_keys.order_by("public_part").values("public_part").annotate(**sums)


def _found(key: ApiKey, row: dict[str, Any]) -> WrongSecrets:
    return WrongSecrets(key, row["number"], row["sources"], row["last_at"])
