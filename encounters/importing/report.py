"""Where something stands in a file, and how many issues a report lists."""

from dataclasses import dataclass

LISTED_ISSUES = 1_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a resource is: the file's name, and the line in it or the entry of its Bundle, from 1; 0 for all of it."""

    file: str
    line: int = 0
