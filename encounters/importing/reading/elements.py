"""Reading the elements of a resource, whatever JSON stands in their place: what has the wrong shape is not there."""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]


def member(value: object, *path: str) -> Any:
    """Return what stands at the end of `path`, or None."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def objects(value: object) -> Iterator[Json]:
    """Yield the objects in a list."""
    yield from (each for each in (value if isinstance(value, list) else []) if isinstance(each, dict))


def text(value: object) -> str | None:
    """Return a string without NUL, which PostgreSQL cannot hold, and without blanks around; None if nothing is left."""
    return (value.replace("\x00", "").strip() or None) if isinstance(value, str) else None


def texts(value: object) -> Iterator[str]:
    """Yield the strings in a list."""
    yield from filter(None, map(text, value if isinstance(value, list) else []))
