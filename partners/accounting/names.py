"""Whether an organization received names and dates of birth at any moment, from the record of its changes."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from partners.models import Organization
from partners.models.change import Action

# An answer is recorded after it was read, and not by the clock of whoever changes this. Near a change, tell of too much
# rather than of too little.
MARGIN = timedelta(minutes=1)
ALWAYS = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Names:
    """When answers had no names and no dates of birth: from the first of `moments` to the second, and so on."""

    moments: Sequence[datetime]

    @classmethod
    def of(cls, organization: Organization) -> "Names":
        """Return what is on record. Before the first change, its old value applies; with none, the current one."""
        changes = list(
            organization.events.filter(action=Action.NAMES_CHANGED)
            .order_by("occurred_at", "pk")
            .values_list("occurred_at", "before", "after")
        )
        before = changes[0][1]["receives_names"] if changes else organization.receives_names
        begun = None if before else ALWAYS
        moments: list[datetime] = []
        for at, _, after in changes:
            if not after["receives_names"]:
                begun = at + MARGIN
                continue
            if begun is not None and begun < at - MARGIN:
                moments += [begun, at - MARGIN]
            begun = None
        return cls(moments if begun is None else [*moments, begun])

    def at(self, moment: datetime) -> bool:
        """Return True if an answer at that moment may have had names and dates of birth."""
        return bisect_right(self.moments, moment) % 2 == 0
