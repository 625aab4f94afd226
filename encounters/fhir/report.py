"""The report of a FHIR import: the count of every outcome and code, and the first issues."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from encounters.importing.codes import Code
from encounters.importing.report import LISTED_ISSUES, FilePlace, ImportReport


@dataclass(slots=True)
class Report(ImportReport):
    """The report of one run, which counts every code."""

    codes: Counter[str] = field(default_factory=Counter)

    def add(self, code: Code, place: FilePlace, resource_type: str, source_id: str | None = None) -> None:
        """Add an issue. It is always counted, and listed while there is room."""
        self.codes[code.value] += 1
        if len(self.issues) < LISTED_ISSUES:
            where = {"file": place.file, "line": place.line, "type": resource_type, "source_id": source_id}
            self.issues.append({"level": code.level.value, "code": code.value} | where)

    def as_json(self) -> dict[str, Any]:
        return {
            "counts": self.counts_as_json(),
            "codes": dict(self.codes),
            "issues": self.issues,
            "issues_not_listed": self.codes.total() - len(self.issues),
            "unreadable_files": self.unreadable,
        }
