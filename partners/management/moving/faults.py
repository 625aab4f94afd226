"""What is wrong with a file, and where: never more of a value than may be shown."""

from dataclasses import dataclass
from typing import Any

from partners.keys import in_text

LONGEST = 60  # characters of a value


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and what to do about it. Without a line, it is about the deployment."""

    line: int | None
    column: str
    value: str
    message: str

    @property
    def facts(self) -> dict[str, Any]:
        shown = in_text.without_tokens(self.value)
        return {
            "line": self.line,
            "column": self.column,
            "value": shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}{in_text.ELLIPSIS}",
            "message": self.message,
        }
