"""Durations, expiries and periods as staff write them: `24h`, `90d`, a date, or an RFC 3339 date-time."""

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
    """Return the duration that `24h` or `90d` means; raise ValidationError for anything else."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValidationError("Enter a duration in hours or days, for example 24h or 90d.", code="invalid_duration")
    return timedelta(**{_UNITS[match["unit"]]: int(match["number"])})


def expiry(text: str) -> datetime:
    """Return the time that `text` means: a duration from now, the end of a day in UTC, or a date-time with a zone."""
    try:
        return _end(text)
    except (ValueError, OverflowError):
        raise ValidationError(
            "Enter an expiry as 90d, as a date (2027-05-25: through the end of that day, UTC) or as "
            "2027-05-25T14:00:00Z.",
            code="invalid_expiry",
        ) from None


def bound(text: str, *, last: bool = False) -> datetime:
    """Return when a period begins, or with `last` ends: a whole day in UTC, or a date-time with a zone."""
    try:
        return _moment(text, last=last)
    except (ValueError, OverflowError):
        raise ValidationError(
            "Enter a date as 2026-05-25 or a time as 2026-05-25T14:00:00Z.", code="invalid_bound"
        ) from None


def _end(text: str) -> datetime:
    return timezone.now() + duration(text) if _SPAN.fullmatch(text) else _moment(text, last=True)


def _moment(text: str, *, last: bool) -> datetime:
    if _DATE.fullmatch(text):
        day = datetime.fromisoformat(text).replace(tzinfo=UTC)
        return day + timedelta(days=1) if last else day
    if _MOMENT.fullmatch(text):
        return datetime.fromisoformat(text).astimezone(UTC)
    raise ValueError
