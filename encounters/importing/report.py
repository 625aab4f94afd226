"""Places in files, and how many issues a report lists."""

from dataclasses import dataclass

LISTED_ISSUES = 1_000


@dataclass(frozen=True, slots=True)
class FilePlace:
    """Where a resource is: the file's name, and its line or Bundle entry, counted from 1. Line 0 is the whole file."""

    file: str
    line: int = 0
