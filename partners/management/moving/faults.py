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
        return {
            "line": self.line,
            "column": shown(self.column),
            "value": shown(self.value),
            "message": in_text.without_tokens(self.message),
        }


def shown(text: str) -> str:
    """Return as much of a text from the file as may be shown: without tokens, and its beginning if it is long."""
    safe = in_text.without_tokens(text)
    return safe if len(safe) <= LONGEST else f"{safe[:LONGEST]}{in_text.ELLIPSIS}"
