"""Months in UTC."""

from datetime import UTC, datetime


def month_of(moment: datetime) -> datetime:
    """Return the begin of the month in which a moment is."""
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def following(month: datetime, number: int = 1) -> datetime:
    """Return the begin of the month that is this many months later."""
    years, months = divmod(month.month - 1 + number, 12)
    return month.replace(year=month.year + years, month=months + 1)
