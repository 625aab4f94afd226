"""The grammars of query values: each parser returns the value, or None for anything that is not exactly it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote_to_bytes

_INTEGER = re.compile(r"0|[1-9][0-9]{0,9}")
_INSTANT = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt](?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.(?P<fraction>[0-9]{1,9}))?"
    r"(?:[Zz]|(?P<sign>[+-])(?P<hours>[01][0-9]|2[0-3]):(?P<minutes>[0-5][0-9]))"
)


def pairs(query_string: str) -> list[tuple[str, str]]:
    """Split a raw query string at `&` only and decode each part once; bad UTF-8 becomes U+FFFD."""
    segments = (segment.partition("=") for segment in query_string.split("&") if segment)
    return [(_decoded(name), _decoded(value)) for name, _, value in segments]


def _decoded(text: str) -> str:
    raw = text.replace("+", " ").encode("latin-1", "replace")
    return unquote_to_bytes(raw).decode("utf-8", "replace")


def integer(least: int, most: int) -> Callable[[str], int | None]:
    """Return a parser of canonical decimal integers in a range: no sign, no leading zero, no blank."""

    def parse(text: str) -> int | None:
        number = int(text) if _INTEGER.fullmatch(text) else -1
        return number if least <= number <= most else None

    return parse


def word(*words: str) -> Callable[[str], str | None]:
    """Return a parser of exactly these words."""
    return lambda text: text if text in words else None


def instant(text: str) -> datetime | None:
    """Parse an RFC 3339 date-time with a zone to UTC, cut to microseconds; no leap second, nothing UTC cannot hold."""
    match = _INSTANT.fullmatch(text)
    if match is None:
        return None
    fraction = (match["fraction"] or "")[:6].ljust(6, "0")
    try:
        local = datetime.fromisoformat(f"{match['date']}T{match['time']}.{fraction}")
        return (local - _offset(match)).replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _offset(match: re.Match[str]) -> timedelta:
    if match["sign"] is None:
        return timedelta(0)
    offset = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"]))
    return offset if match["sign"] == "+" else -offset
