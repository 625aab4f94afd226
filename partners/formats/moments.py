"""Times as RFC 3339, their day, and the same day years before."""

from datetime import MINYEAR, UTC, datetime


def years_before(moment: datetime, years: int) -> datetime:
    """Return the start, in UTC, of the same day that many years before; 29 February becomes the 28th."""
    day = day_of(moment)
    year = max(day.year - years, MINYEAR)
    leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=year, day=28) if leap_day else day.replace(year=year)


def rfc3339(moment: datetime | None) -> str | None:
    """Return a time in UTC with `Z`, with a fraction only if it isn't zero."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def to_milliseconds(moment: datetime) -> str:
    """Return a time in UTC, to the millisecond: spreadsheets don't read more digits as a time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def day_of(moment: datetime) -> datetime:
    """Return the beginning of a moment's day in UTC."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
