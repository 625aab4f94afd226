"""The first rows of a query, and how many rows it has."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet

SHOWN, COUNTED = 10, 100
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Found(Generic[Row]):
    """The first rows of a query, and how many it has. The number is exact up to 100."""

    rows: list[Row]
    total: int

    @classmethod
    def of(cls, rows: "QuerySet[Any, Row]") -> "Found[Row]":
        """Read the rows of a query, up to one more than are counted."""
        found = list(rows[: COUNTED + 1])
        return cls(found[:SHOWN], len(found))

    @property
    def count(self) -> str:
        """Return the number to show, `100+` if there are more."""
        return f"{COUNTED}+" if self.total > COUNTED else str(self.total)

    @property
    def more(self) -> bool:
        return self.total > len(self.rows)

    def __bool__(self) -> bool:
        return self.total > 0
