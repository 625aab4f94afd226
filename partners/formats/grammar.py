"""The grammars of query values. Each parses a text, and describes the valid texts as JSON Schema and in words."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar
from urllib.parse import unquote_to_bytes

Value = TypeVar("Value")

_INTEGER = re.compile(r"0|[1-9][0-9]{0,9}")
_INSTANT = re.compile(
    r"(?P<date>(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01]))"
    r"[Tt](?P<time>(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])(?:\.(?P<fraction>[0-9]{1,9}))?"
    r"(?:[Zz]|(?P<sign>[+-])(?P<hours>[01][0-9]|2[0-3]):(?P<minutes>[0-5][0-9]))"
)
_GROUP_NAME = re.compile(r"\?P<[a-z]+>")


@dataclass(frozen=True, slots=True)
class Grammar(Generic[Value]):
    """A parser for one kind of text. `schema` (JSON Schema 2020-12) and `words` describe what `parse` accepts."""

    parse: Callable[[str], Value | None]
    schema: Mapping[str, Any]
    words: str

    def __call__(self, text: str) -> Value | None:
        """Return the value, or None if the text does not match the grammar."""
        return self.parse(text)


def pairs(query_string: str) -> list[tuple[str, str]]:
    """Split a raw query string at `&` only and decode each part once. Invalid UTF-8 becomes U+FFFD."""
    segments = (segment.partition("=") for segment in query_string.split("&") if segment)
    return [(_decoded(name), _decoded(value)) for name, _, value in segments]


def _decoded(text: str) -> str:
    raw = text.replace("+", " ").encode("latin-1", "replace")
    return unquote_to_bytes(raw).decode("utf-8", "replace")


def integer(least: int, most: int) -> Grammar[int]:
    """Return the grammar of canonical decimal integers in a range."""

    def parse(text: str) -> int | None:
        number = int(text) if _INTEGER.fullmatch(text) else -1
        return number if least <= number <= most else None

    return Grammar(
        parse,
        {"type": "integer", "minimum": least, "maximum": most},
        f"A whole number from {least} to {most} in ASCII digits, without a sign, leading zeros or spaces.",
    )


def word(*words: str) -> Grammar[str]:
    """Return the grammar of exactly these words."""
    return Grammar(
        lambda text: text if text in words else None,
        {"type": "string", "enum": list(words)},
        f"Exactly {' or '.join(f'`{each}`' for each in words)}.",
    )


def _instant(text: str) -> datetime | None:
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


instant = Grammar(
    _instant,
    {"type": "string", "format": "date-time", "pattern": f"^{_GROUP_NAME.sub('', _INSTANT.pattern)}$"},
    "An RFC 3339 date-time with `Z` or an offset. Send a `+` as `%2B`. A fraction has one to nine digits and is cut to "
    "microseconds. Leap seconds, hour 24, year 0000 and times that UTC can't represent are not valid.",
)
