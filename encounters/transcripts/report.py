"""The report of a transcript import: the count of every outcome, and the first faults."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from encounters.importing.codes import ImportOutcome
from encounters.importing.report import LISTED_ISSUES, FilePlace


@dataclass(slots=True)
class Report:
    """The counts and faults of one run. It contains no value from the lines except the ids of the source."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    issues: list[dict[str, Any]] = field(default_factory=list)
    issues_not_listed: int = 0
    unreadable: list[str] = field(default_factory=list)

    def count(self, kind: str, outcome: ImportOutcome) -> None:
        """Count one line, patient, encounter or document."""
        self.counts.setdefault(kind, Counter())[outcome.value] += 1

    def add(self, place: FilePlace, at: str, todo: str) -> None:
        """Add what was not imported, and what to do about it."""
        if len(self.issues) < LISTED_ISSUES:
            self.issues.append({"file": place.file, "line": place.line, "at": at, "todo": todo})
        else:
            self.issues_not_listed += 1

    def add_unread(self, file: str) -> None:
        """Add a file that was not read to its end, or had no usable line."""
        if file not in self.unreadable:
            self.unreadable.append(file)

    def as_json(self) -> dict[str, Any]:
        return {
            "counts": {name: dict(outcomes) for name, outcomes in self.counts.items()},
            "issues": self.issues,
            "issues_not_listed": self.issues_not_listed,
            "unreadable_files": self.unreadable,
        }
