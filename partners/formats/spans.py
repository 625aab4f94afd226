"""Spans and ends of time as staff write them: `24h`, `90d`, a date, or an RFC 3339 date-time."""

import re
from datetime import UTC, datetime, timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone

_SPAN = re.compile(r"(?P<number>[0-9]{1,5})(?P<unit>[hd])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_MOMENT = re.compile(rf"{_DATE.pattern}T{_CLOCK}:[0-5][0-9](?:Z|[+-]{_CLOCK})")
_UNITS = {"h": "hours", "d": "days"}


def duration(text: str) -> timedelta:
    """Return the span that `24h` or `90d` says; ValidationError for anything else."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValidationError("Write a span of time in hours or days, as 24h or 90d.", code="invalid_duration")
    return timedelta(**{_UNITS[match["unit"]]: int(match["number"])})


def expiry(text: str) -> datetime:
    """Return the end that `text` says: a span from now, the end of a day in UTC, or a date-time with its zone."""
    try:
        return _end(text)
    except (ValueError, OverflowError):
        raise ValidationError(
            "Write an expiry as 90d, as a day (2027-05-25: to its end, in UTC) or as 2027-05-25T14:00:00Z.",
            code="invalid_expiry",
        ) from None


def bound(text: str, *, last: bool = False) -> datetime:
    """Return where a period begins, or with `last` ends: a day, in UTC and whole, or a date-time with its zone."""
    try:
        return _moment(text, last=last)
    except (ValueError, OverflowError):
        raise ValidationError(
            "Write a day as 2026-05-25 or a moment as 2026-05-25T14:00:00Z.", code="invalid_bound"
        ) from None


def _end(text: str) -> datetime:
    return timezone.now() + duration(text) if _SPAN.fullmatch(text) else _moment(text, last=True)


def _moment(text: str, *, last: bool) -> datetime:
    if _DATE.fullmatch(text):
        return datetime.fromisoformat(text).replace(tzinfo=UTC) + timedelta(days=last)
    if _MOMENT.fullmatch(text):
        return datetime.fromisoformat(text).astimezone(UTC)
    raise ValueError
