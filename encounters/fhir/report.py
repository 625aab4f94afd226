"""The report of an import: the count of every outcome and code, and the first issues."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from encounters.importing.codes import Code, ImportOutcome
from encounters.importing.report import LISTED_ISSUES, FilePlace


@dataclass(slots=True)
class Report:
    """The counts and issues of one run. It contains no value of a resource except its id."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    codes: Counter[str] = field(default_factory=Counter)
    issues: list[dict[str, Any]] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    def count(self, resource_type: str, outcome: ImportOutcome) -> None:
        """Count one resource."""
        self.counts.setdefault(resource_type, Counter())[outcome.value] += 1

    def add(self, code: Code, place: FilePlace, resource_type: str, source_id: str | None = None) -> None:
        """Add an issue. It is always counted, and listed while there is room."""
        self.codes[code.value] += 1
        if len(self.issues) < LISTED_ISSUES:
            where = {"file": place.file, "line": place.line, "type": resource_type, "source_id": source_id}
            self.issues.append({"level": code.level.value, "code": code.value} | where)

    def add_unread(self, file: str) -> None:
        """Add a file that was not read to its end, or had no usable resource."""
        if file not in self.unreadable:
            self.unreadable.append(file)

    def as_json(self) -> dict[str, Any]:
        return {
            "counts": {name: dict(outcomes) for name, outcomes in self.counts.items()},
            "codes": dict(self.codes),
            "issues": self.issues,
            "issues_not_listed": self.codes.total() - len(self.issues),
            "unreadable_files": self.unreadable,
        }
