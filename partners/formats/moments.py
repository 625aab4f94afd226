"""Moments as machines read them, and the same day years before."""

from datetime import MINYEAR, UTC, datetime


def years_before(moment: datetime, years: int) -> datetime:
    """Return the beginning, in UTC, of the same day so many years before; of 29 February, of the 28th."""
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    year = max(day.year - years, MINYEAR)
    leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=year, day=28) if leap_day else day.replace(year=year)


def rfc3339(moment: datetime | None) -> str | None:
    """Return a moment in UTC with `Z`, a fraction only where it is not zero."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
