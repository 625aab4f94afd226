"""How a value of a column becomes a text of the canonical form, the same from either database.

Whoever alters a row can write anything, on SQLite of any type. So nothing here raises an error: what can't be read
becomes a text that no sealed row has.
"""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson

UNREADABLE = "\x00unreadable\x00"  # PostgreSQL has no texts with NUL, and forms and commands refuse them
_FLAGS = {False: "false", True: "true", "0": "false", "1": "true"}


def _or_unreadable(read: Callable[[Any], str]) -> Callable[[Any], str]:
    def text(value: Any) -> str:
        try:
            return read(value)
        except (ValueError, TypeError, RecursionError):
            return UNREADABLE

    return text


def plain(value: Any) -> str:
    """Return a number in decimal, and a text as it is."""
    return value if isinstance(value, str) else str(value)


def flag(value: Any) -> str:
    """Return `true` or `false`."""
    return _FLAGS.get(value, UNREADABLE)


@_or_unreadable
def moment(value: Any) -> str:
    """Return a time in UTC to the microsecond: `YYYY-MM-DD hh:mm:ss.ffffff`."""
    return datetime.fromisoformat(value).isoformat(" ", "microseconds")


@_or_unreadable
def keys(value: Any) -> str:
    """Return primary keys in decimal between commas. They come as such, or as a JSON array."""
    text = _sound(value)
    return ",".join(map(str, orjson.loads(text))) if text[:1] == "[" else text


@_or_unreadable
def json_text(value: Any) -> str:
    """Return JSON in ASCII, with sorted keys and without spaces."""
    return json.dumps(json.loads(_sound(value)), sort_keys=True, separators=(",", ":"))


def _sound(value: Any) -> str:
    """Return a text as it is; raise TypeError for anything else, UnicodeError for bytes that are not UTF-8."""
    if not isinstance(value, str):
        raise TypeError
    value.encode()
    return value
