"""The report of a transcript import: the count of every outcome, and the first faults."""

from dataclasses import dataclass
from typing import Any

from encounters.importing.report import LISTED_ISSUES, FilePlace, ImportReport


@dataclass(slots=True)
class Report(ImportReport):
    """The report of one run."""

    issues_not_listed: int = 0

    def add(self, place: FilePlace, at: str, todo: str) -> None:
        """Add what was not imported, and what to do about it."""
        if len(self.issues) < LISTED_ISSUES:
            self.issues.append({"file": place.file, "line": place.line, "at": at, "todo": todo})
        else:
            self.issues_not_listed += 1

    def as_json(self) -> dict[str, Any]:
        return {
            "counts": self.counts_as_json(),
            "issues": self.issues,
            "issues_not_listed": self.issues_not_listed,
            "unreadable_files": self.unreadable,
        }
