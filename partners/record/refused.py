"""The calls that were refused in the last 24 hours: those of each key, and those that belong to no key."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from django.db import connection
from django.db.models import Count, Max
from django.utils import timezone

from partners.finding.found import Found
from partners.models import ApiKey, RequestRecord
from partners.record.traffic import DAY, SERVED

COUNTED = 100_000  # the newest refusals that are counted
SOURCES = 3  # shown for each code

# Each row has the total of its code beside its source's own, so that one pass over the day's rows returns both.
_SOURCES = """
SELECT reason_code, of_code, source, public_part, number FROM (
    SELECT reason_code, source, public_part, SUM(count) AS number,
        SUM(SUM(count)) OVER (PARTITION BY reason_code) AS of_code,
        ROW_NUMBER() OVER (PARTITION BY reason_code ORDER BY source = '', SUM(count) DESC, source, public_part) AS place
    FROM partners_unkeyedcount WHERE minute > %s GROUP BY reason_code, source, public_part
) AS ranked WHERE place <= %s ORDER BY of_code DESC, reason_code, place
"""


@dataclass(frozen=True, slots=True)
class Refused:
    """A key whose calls were refused with one code: how many, and when the last was."""

    key: ApiKey
    reason_code: str
    shown: str
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Source:
    """A source of calls without a valid key, and the public part they sent. `key` is the key that has it."""

    address: str
    public_part: str
    shown: str
    key: ApiKey | None


@dataclass(frozen=True, slots=True)
class Unkeyed:
    """The calls of one code that belong to no key, and their most common sources."""

    reason_code: str
    shown: str
    sources: list[Source]


@dataclass(frozen=True, slots=True)
class RefusedKeys:
    """The keys, those with the most refusals first. `since` is set if there were too many to count the whole day."""

    found: Found[Refused]
    since: datetime | None

    def __bool__(self) -> bool:
        return bool(self.found)


def refused_keys() -> RefusedKeys:
    """Return the keys whose calls were refused, each with its code."""
    now = timezone.now()
    # With both ends given: without statistics, SQLite would otherwise read every refusal on record.
    refusals = RequestRecord.objects.filter(occurred_at__range=(now - DAY, now)).exclude(reason_code=SERVED)
    since = refusals.order_by("-occurred_at").values_list("occurred_at", flat=True)[COUNTED : COUNTED + 1].first()
    if since is not None:
        refusals = refusals.filter(occurred_at__gt=since)
    groups = refusals.order_by().values("api_key", "reason_code").annotate(number=Count("*"), last=Max("occurred_at"))
    found = Found.of(groups.order_by("-number", "-last"))
    keys = ApiKey.objects.select_related("organization").in_bulk({row["api_key"] for row in found.rows})
    rows = [Refused(keys[row["api_key"]], row["reason_code"], f"{row['number']:,}", row["last"]) for row in found.rows]
    return RefusedKeys(Found(rows, found.total), since)


def unkeyed() -> list[Unkeyed]:
    """Return the calls that belong to no key by code, the most common first, each with its most common sources."""
    rows = _read()
    keys = {key.public_part: key for key in ApiKey.objects.filter(public_part__in={row.public_part for row in rows})}
    return [
        Unkeyed(code, f"{number:,}", [row.source_with(keys) for row in of_code if row.source])
        for (code, number), of_code in groupby(rows, key=lambda row: (row.reason_code, row.of_code))
    ]


class _Row(NamedTuple):
    reason_code: str
    of_code: int
    source: str
    public_part: str
    number: int

    def source_with(self, keys: dict[str, ApiKey]) -> Source:
        return Source(self.source, self.public_part, f"{self.number:,}", keys.get(self.public_part))


def _read() -> list[_Row]:
    since = connection.ops.adapt_datetimefield_value(timezone.now() - DAY)
    with connection.cursor() as cursor:
        cursor.execute(_SOURCES, [since, SOURCES])
        return [_Row(*row) for row in cursor.fetchall()]
