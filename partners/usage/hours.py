"""The SQL that counts records of the ledger by hour, for a key, for an organization and for all."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import connection
from django.utils import timezone

KEPT = timedelta(days=32)  # charts show 30 days, the first from its beginning
HOUR = timedelta(hours=1)


class Kind(StrEnum):
    """Whose calls are counted together."""

    ALL = "all"
    ORGANIZATION = "organization"
    KEY = "key"


# The id of the last record that is added to the counts.
COUNTED_TO = "coalesce((SELECT counted_to FROM partners_usageprogress WHERE id = 1), 0)"

# SQLite stores a time as text in UTC: YYYY-MM-DD hh:mm:ss, with a fraction only if there is one.
_HOUR = {
    "postgresql": "date_trunc('hour', occurred_at, 'UTC')",
    "sqlite": "substr(occurred_at, 1, 13) || ':00:00'",
}
_DAY = {"postgresql": "date_trunc('day', hour, 'UTC')", "sqlite": "substr(hour, 1, 10) || ' 00:00:00'"}

# Records are grouped by key and hour first, so that the rest is cheap for any number of them.
_BY_KIND = """
SELECT kind, owner, hour, reason_code, CAST(sum(calls) AS bigint) AS calls FROM (
    SELECT kind, hour, reason_code, calls,
        CASE kind WHEN 'key' THEN api_key_id WHEN 'organization' THEN organization_id ELSE 0 END AS owner
    FROM (
        SELECT api_key_id, organization_id, {hour} AS hour, reason_code, count(*) AS calls
        FROM partners_requestrecord WHERE {condition}
        GROUP BY api_key_id, organization_id, {hour}, reason_code
    ) AS counted CROSS JOIN (SELECT 'all' AS kind UNION ALL SELECT 'organization' UNION ALL SELECT 'key') AS kinds
) AS owned WHERE owner IS NOT NULL GROUP BY kind, owner, hour, reason_code
"""


def hour() -> str:
    """Return SQL for the hour of a record."""
    return _HOUR[connection.vendor]


def day() -> str:
    """Return SQL for the day of an hour."""
    return _DAY[connection.vendor]


def by_kind(condition: str) -> str:
    """Return a SELECT that counts the records that meet a condition, for each kind and owner."""
    return _BY_KIND.format(hour=hour(), condition=condition)


def oldest_kept() -> datetime:
    """Return the first hour whose counts are kept."""
    return (timezone.now() - KEPT).astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def value(moment: datetime) -> Any:
    """Return a time as a parameter of a statement."""
    return connection.ops.adapt_datetimefield_value(moment)


def moment(value: Any) -> datetime:
    """Return the time that a statement found."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value).replace(tzinfo=UTC)


def rows(sql: str, *values: Any) -> list[Any]:
    """Return the rows that a statement finds."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: list[Any] = cursor.fetchall()
        return found


def execute(sql: str, *values: Any) -> None:
    """Run a statement that finds no rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
