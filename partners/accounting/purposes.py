"""For what an organization gets patients' data, at any moment: as the record of its changes tells."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from partners.models import Organization
from partners.models.change import Action

NOT_STATED = "not stated"


@dataclass(frozen=True, slots=True)
class Purposes:
    """The purposes of an organization, one after another: from each of `moments` on, the one after its place."""

    moments: Sequence[datetime]
    texts: Sequence[str]

    @classmethod
    def of(cls, organization: Organization) -> "Purposes":
        """Read them. What was in force before the first change on record says that change, else the present one."""
        changes = list(
            organization.events.filter(action__in=(Action.ORGANIZATION_CREATED, Action.PURPOSE_CHANGED))
            .order_by("occurred_at", "pk")
            .values_list("occurred_at", "before", "after")
        )
        first = {"purpose": organization.purpose} if not changes else changes[0][1]
        stated = [first, *(after for _, _, after in changes)]
        return cls([moment for moment, _, _ in changes], [each.get("purpose") or NOT_STATED for each in stated])

    def at(self, moment: datetime) -> str:
        """Return the purpose in force at a moment, `not stated` where it was blank."""
        return self.texts[bisect_right(self.moments, moment)]
