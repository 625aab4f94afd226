"""The first of the rows that a query finds, and how many there are."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet

SHOWN, COUNTED = 10, 100
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Found(Generic[Row]):
    """The first of the rows that were found, and how many there are: exact up to 100."""

    rows: list[Row]
    total: int

    @classmethod
    def of(cls, rows: "QuerySet[Any, Row]") -> "Found[Row]":
        """Read as many rows as are counted."""
        found = list(rows[: COUNTED + 1])
        return cls(found[:SHOWN], len(found))

    @property
    def count(self) -> str:
        """Return the number as it is shown."""
        return f"{COUNTED}+" if self.total > COUNTED else str(self.total)

    @property
    def more(self) -> bool:
        """Tell whether some of the rows are not shown."""
        return self.total > len(self.rows)

    def __bool__(self) -> bool:
        return self.total > 0
