"""Why an organization received patient data at any moment, from the record of its changes."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from partners.models import Organization
from partners.models.change import Action

NOT_STATED = "not stated"


@dataclass(frozen=True, slots=True)
class Purposes:
    """The purposes of an organization in order of time. `texts[0]` applies before all `moments`, and so on."""

    moments: Sequence[datetime]
    texts: Sequence[str]

    @classmethod
    def of(cls, organization: Organization) -> "Purposes":
        """Return the purposes on record. Before the first change, its old value applies; with none, the current one."""
        changes = list(
            organization.events.filter(action__in=(Action.ORGANIZATION_CREATED, Action.PURPOSE_CHANGED))
            .order_by("occurred_at", "pk")
            .values_list("occurred_at", "before", "after")
        )
        first = {"purpose": organization.purpose} if not changes else changes[0][1]
        stated = [first, *(after for _, _, after in changes)]
        return cls([moment for moment, _, _ in changes], [each.get("purpose") or NOT_STATED for each in stated])

    def at(self, moment: datetime) -> str:
        """Return the purpose at a moment, or "not stated" if it was blank."""
        return self.texts[bisect_right(self.moments, moment)]
