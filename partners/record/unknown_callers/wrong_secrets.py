"""Calls of the last 24 hours with a wrong key: those with a key's public part, and those from one network.

They carried a damaged copy of a key, or a guess.

Each number is the least that is certain: in a flood, only the most common public parts of a minute are counted.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, QuerySet, Sum
from django.utils import timezone

from partners.catalogue.reasons import Reason
from partners.decision.address import network
from partners.decision.guessing import WRONG_KEYS
from partners.finding.found import SHOWN, Found
from partners.models import ApiKey, UnkeyedCount
from partners.record.traffic import DAY

MANY = 20  # such calls in 24 hours that need attention
MANY_OF_NETWORK = 100  # such calls from one network, whatever they carried
READ = 5_000  # addresses, those with the most calls first


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


@dataclass(frozen=True, slots=True)
class Guesses:
    """How many calls with a wrong key a network sent, from how many addresses, and when the last was, to the minute."""

    network: str
    number: int
    addresses: int
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


def networks_with_many() -> Found[Guesses]:
    """Return the networks that sent many wrong keys, those with the most first."""
    codes = [reason.code for reason in WRONG_KEYS]
    rows = UnkeyedCount.objects.filter(minute__gt=timezone.now() - DAY, reason_code__in=codes).exclude(source="")
    summed = rows.values("source").annotate(number=Sum("count"), last_at=Max("minute")).order_by("-number", "source")
    of_each: defaultdict[str, list[Any]] = defaultdict(list)
    for row in summed[:READ]:
        of_each[network(row["source"])].append(row)
    found = [_guesses(source, its) for source, its in of_each.items()]
    many = sorted((each for each in found if each.number >= MANY_OF_NETWORK), key=lambda each: -each.number)
    return Found(many[:SHOWN], len(many))


def _guesses(source: str, rows: list[Any]) -> Guesses:
    number, last_at = sum(row["number"] for row in rows), max(row["last_at"] for row in rows)
    return Guesses(source, number, len(rows), last_at)


def _counted() -> "QuerySet[Any, Any]":
    """Return a row for each public part that belongs to a key."""
    rows = UnkeyedCount.objects.filter(minute__gt=timezone.now() - DAY, reason_code=Reason.INVALID_KEY.code)
    of_keys = rows.filter(public_part__in=ApiKey.objects.values("public_part"))
    sums = {"number": Sum("count"), "sources": Count("source", distinct=True), "last_at": Max("minute")}
    return of_keys.order_by("public_part").values("public_part").annotate(**sums)


def _found(key: ApiKey, row: dict[str, Any]) -> WrongSecrets:
    return WrongSecrets(key, row["number"], row["sources"], row["last_at"])
