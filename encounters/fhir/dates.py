"""Parse FHIR dates by FHIR's own grammar (R4, datatypes: date, dateTime, instant). Other parsers accept too much."""

import re
from datetime import UTC, date, datetime, timedelta

from encounters.importing.codes import Code

_DATE_TIME = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<month>0[1-9]|1[0-2])(?:-(?P<day>[0-9]{2})"
    r"(?:T(?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9]):(?P<second>[0-5][0-9]|60)"
    r"(?:\.(?P<fraction>[0-9]+))?(?P<zone>Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))?)?)?)?"
)


def moment(value: object) -> tuple[datetime | None, Code | None]:
    """Return a dateTime in UTC or None, and a code if something is wrong or had to be assumed."""
    found = _DATE_TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None, Code.INVALID_DATE
    if found["day"] is None:
        return None, Code.PARTIAL_DATE
    try:
        instant = _instant(found)
    except (ValueError, OverflowError):  # no such day, or before year 1 or after 9999 in UTC
        return None, Code.INVALID_DATE
    if found["hour"] is None:
        return instant, Code.DATE_ONLY
    return instant, None if found["zone"] else Code.NO_TIME_ZONE


def instant(value: object) -> datetime | None:
    """Return an instant in UTC; None if it is incomplete or invalid."""
    found, assumed = moment(value)
    return found if assumed is None else None


def told_day(value: object) -> str | None:
    """Return as much of a dateTime's day as is given: the year, the month or the full date."""
    found = _DATE_TIME.fullmatch(value) if isinstance(value, str) else None
    return found and found[0][:10]


def finer(value: object) -> str:
    """Return the digits of an instant after the microseconds, which `moment` cuts. As text, they compare correctly."""
    found = _DATE_TIME.fullmatch(value) if isinstance(value, str) else None
    return ((found and found["fraction"]) or "")[6:].rstrip("0")


def birth_date(value: object) -> tuple[date | None, Code | None]:
    """Return a full and valid date, or None with the reason."""
    if value is None:
        return None, Code.NO_BIRTH_DATE
    day, assumed = moment(value)
    if assumed is Code.DATE_ONLY and day is not None:
        return day.date(), None
    return None, Code.PARTIAL_DATE if assumed is Code.PARTIAL_DATE else Code.INVALID_DATE


def _instant(found: re.Match[str]) -> datetime:
    text, is_leap = found[0], found["second"] == "60"
    if is_leap:  # FHIR allows it, and Python does not
        text = f"{text[:17]}59{text[19:]}"
    instant = datetime.fromisoformat(text)  # cuts what comes after the microseconds
    if is_leap:
        instant += timedelta(seconds=1)
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
