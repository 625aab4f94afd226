"""What the reports of all imports share: the counts, the places in files, and how many issues are listed."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from encounters.importing.codes import ImportOutcome

LISTED_ISSUES = 1_000


class FilePlace(NamedTuple):
    """Where a resource is: the file's name, and its line or Bundle entry, counted from 1. Line 0 is the whole file."""

    file: str
    line: int = 0


@dataclass(slots=True)
class ImportReport:
    """The counts and issues of one run. It contains no value that was imported, except ids of the source."""

    counts: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    issues: list[dict[str, Any]] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    def count(self, kind: str, outcome: ImportOutcome) -> None:
        """Count one resource or line of this kind."""
        self.counts[kind][outcome.value] += 1

    def add_unread(self, file: str) -> None:
        """Add a file that was not read to its end, or had nothing usable."""
        if file not in self.unreadable:
            self.unreadable.append(file)

    def counts_as_json(self) -> dict[str, dict[str, int]]:
        """Return the counts by kind and outcome."""
        return {kind: dict(outcomes) for kind, outcomes in self.counts.items()}
