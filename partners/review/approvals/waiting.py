"""What waits for approval, as one person sees it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from partners.finding.found import SHOWN, Found
from partners.models import ApiKey, Approval, Organization

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits: how much, what this person may decide, what waits for others, and the keys this person can issue."""

    found: Found[Approval]
    mine: list[Approval]
    others: list[Approval]
    ready: list[Approval]

    def __bool__(self) -> bool:
        return bool(self.found or self.ready)


def for_person(user: "User") -> Waiting:
    """Return what waits, the oldest first."""
    rows = Approval.objects.select_related("organization", "api_key")
    found = Found.of(rows.waiting())
    mine = [each for each in found.rows if each.may_decide(user)]
    others = [each for each in found.rows if each not in mine]
    return Waiting(found, mine, others, list(rows.ready(user)[:SHOWN]))


def about(row: ApiKey | Organization) -> list[Approval]:
    """Return the first requests that wait and are about this key, or this organization or any of its keys."""
    return list(row.approvals.waiting().select_related("organization", "api_key")[:SHOWN])
