"""What an import keeps of one resource, in any format."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from encounters.importing.codes import Code
from encounters.importing.reading.limits import LONGEST_TITLE


@dataclass(slots=True)
class Mapped:
    """The values of one resource, and the warnings about it."""

    version: datetime | None = None
    finer_version: str = ""  # digits of the version's time after the microseconds
    labelled_test: bool = False
    withdrawn: bool = False
    values: dict[str, Any] = field(default_factory=dict)
    service_start: datetime | None = None
    warnings: list[Code] = field(default_factory=list)

    def warn(self, code: Code | None, *, when: bool = True) -> None:
        """Add a warning, if there is one."""
        if code is not None and when:
            self.warnings.append(code)

    def short(self, value: str | None) -> str | None:
        """Return a name or a title. If it is too long to be one, cut it and add a warning."""
        if value is None or len(value) <= LONGEST_TITLE:
            return value
        self.warn(Code.TEXT_CUT)
        return value[:LONGEST_TITLE]
