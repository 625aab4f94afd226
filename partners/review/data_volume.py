"""How much data an organization has. The app that owns the data counts it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from partners.models import Organization

COUNTED = 100_000


@dataclass(frozen=True, slots=True)
class Count:
    """A number of rows. It is exact up to a limit."""

    number: int

    @classmethod
    def of(cls, rows: QuerySet[Any]) -> "Count":
        """Count the rows of a query, up to one more than the limit."""
        return cls(rows.order_by()[: COUNTED + 1].count())

    def __bool__(self) -> bool:
        return self.number > 0

    def __str__(self) -> str:
        return f"{COUNTED:,}+" if self.number > COUNTED else f"{self.number:,}"


@dataclass(frozen=True, slots=True)
class DataVolume:
    """The encounters that are served, exactly, and the newest of them; those that are not, and the patients."""

    served: int
    newest: datetime | None
    demo: Count
    training: Count
    restricted: Count
    patients: Count

    @property
    def served_shown(self) -> str:
        return f"{self.served:,}"

    @property
    def withheld(self) -> bool:
        return bool(self.demo or self.training)


# Filled while the applications start.
_COUNTERS: list[Callable[[Organization], DataVolume]] = []


def register(counter: Callable[[Organization], DataVolume]) -> None:
    """Use `counter` for every organization."""
    _COUNTERS.append(counter)


def of_organization(organization: Organization) -> DataVolume:
    """Return how much data an organization has."""
    return _COUNTERS[-1](organization)
