"""Read elements of a resource from any JSON. An element with the wrong shape is treated as missing."""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]


def member(value: object, *path: str) -> Any:
    """Return the value at the end of `path`, or None."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def objects(value: object) -> list[Json]:
    """Return the objects in a list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def text(value: object) -> str | None:
    """Return a string without NUL, which PostgreSQL can't store, and stripped; None if nothing is left."""
    return (value.replace("\x00", "").strip() or None) if isinstance(value, str) else None


def texts(value: object) -> Iterator[str]:
    """Yield the strings in a list."""
    yield from filter(None, map(text, value if isinstance(value, list) else []))
