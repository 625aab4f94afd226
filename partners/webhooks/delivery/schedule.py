"""When a delivery is attempted again, and what `Retry-After` changes about it."""

import random
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

# Before each attempt, counted from the one before.
DELAYS = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
LONGEST = DELAYS[-1]
JITTER = 0.2  # what is added at most, so that what failed together doesn't come back together


def next_attempt(step: int, now: datetime, retry_after: timedelta | None) -> datetime | None:
    """Return when to try again after `step` attempts, or None if that was the last one.

    `Retry-After` can make the wait longer, up to the longest of the schedule, but never shorter.
    """
    if step >= len(DELAYS):
        return None
    delay = DELAYS[step] * (1 + JITTER * random.random())  # noqa: S311 – no secret
    return now + max(delay, min(retry_after or timedelta(0), LONGEST))


def retry_after(text: str | None, now: datetime) -> timedelta | None:
    """Return the wait that a header asks for, in seconds or as an HTTP date (RFC 9110); None for anything else."""
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return timedelta(seconds=int(text))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # also a year or a zone that is too large for a date
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
