"""The limits of calls a minute: whether one is reached, and the count, which is exact over all processes.

A minute is one of the database's clock, so that the clocks of several machines don't matter. Each key and organization
with a limit has one row, which holds the count of the latest minute in which it called.
"""

from contextlib import nullcontext
from functools import cache

from django.db import connection, transaction

from partners.decision.policy import AccessRequest
from partners.statements import Statement

MINUTE = {
    "postgresql": "date_trunc('minute', statement_timestamp())",
    "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:00', 'now')",
}
SECONDS_LEFT = {
    "postgresql": "60 - floor(extract(second FROM statement_timestamp()))::integer",
    "sqlite": "60 - CAST(strftime('%%S', 'now') AS integer)",
}
# Public ids have a collation of their own on PostgreSQL, with which the index of the counts couldn't be used.
_OF_INDEX = {"postgresql": ' COLLATE "default"', "sqlite": ""}
# Without a limit, the first condition is false, and no row is looked for.
_REACHED = """{row}.calls_per_minute IS NOT NULL AND EXISTS (SELECT 1 FROM partners_limituse AS counted
        WHERE counted.subject = {row}.public_id{of_index} AND counted.minute >= {minute}
            AND counted.calls >= {row}.calls_per_minute)"""

# A call that begins in one minute and gets its turn in the next one counts for the next one.
_COUNT = """
INSERT INTO partners_limituse AS counted (subject, minute, calls) VALUES (%s, {minute}, 1)
ON CONFLICT (subject) DO UPDATE SET
    calls = CASE WHEN counted.minute < excluded.minute THEN 1 ELSE counted.calls + 1 END,
    minute = CASE WHEN counted.minute < excluded.minute THEN excluded.minute ELSE counted.minute END
WHERE counted.minute < excluded.minute OR counted.calls < %s
"""


def conditions(vendor: str) -> dict[str, str]:
    """Return the pieces of the facts' statement: whether each limit is reached, and the seconds left of the minute."""
    pieces = {"minute": MINUTE[vendor], "of_index": _OF_INDEX[vendor]}
    return {
        "key_limit_reached": f"key.verified AND {_REACHED.format(row='key', **pieces)}",
        "organization_limit_reached": _REACHED.format(row="organization", **pieces),
        "seconds_left": SECONDS_LEFT[vendor],
    }


def count(call: AccessRequest) -> bool:
    """Count a call against the limits of its key and its organization.

    Return False, and count nothing, if one of them was reached since the facts were read.
    """
    wanted = [(call.key_id, call.key_limit), (call.organization_id, call.organization_limit)]
    limits = [(subject, limit) for subject, limit in wanted if limit]
    with transaction.atomic() if len(limits) > 1 else nullcontext():
        counted = all(_count(connection.vendor).execute(subject, limit) for subject, limit in limits)
        if not counted and len(limits) > 1:
            transaction.set_rollback(True)
    return counted


def seconds_left() -> int:
    """Return the seconds until the next minute."""
    return int(_seconds_left(connection.vendor).rows()[0][0])


@cache
def _count(vendor: str) -> Statement:
    return Statement(_COUNT.format(minute=MINUTE[vendor]))


@cache
def _seconds_left(vendor: str) -> Statement:
    return Statement(f"SELECT {SECONDS_LEFT[vendor]}")
