"""Why an organization received patient data at any moment, from the record of its changes."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from partners.models import ChangeEvent, Organization
from partners.models.change import Action

NOT_STATED = "not stated"


class _Stated(NamedTuple):
    """A change of a purpose."""

    at: datetime
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Purposes:
    """The purposes of an organization in order of time. `texts[0]` applies before all `moments`, and so on."""

    moments: Sequence[datetime]
    texts: Sequence[str]

    @classmethod
    def of(cls, organization: Organization) -> "Purposes":
        """Return the purposes on record. Before the first change, its old value applies; with none, the current one."""
        return cls.of_each([organization])[organization.pk]

    @classmethod
    def of_each(cls, organizations: Iterable[Organization]) -> dict[int, "Purposes"]:
        """Return the purposes of several organizations, by primary key."""
        current = {organization.pk: organization for organization in organizations}
        events = ChangeEvent.objects.filter(
            organization__in=current, action__in=(Action.ORGANIZATION_CREATED, Action.PURPOSE_CHANGED)
        )
        changes: dict[int, list[_Stated]] = {pk: [] for pk in current}
        for row in events.order_by("occurred_at", "pk").values_list("organization", "occurred_at", "before", "after"):
            changes[row[0]].append(_Stated(*row[1:]))
        return {pk: cls._of(current[pk], found) for pk, found in changes.items()}

    @classmethod
    def _of(cls, organization: Organization, changes: list["_Stated"]) -> "Purposes":
        first = changes[0].before if changes else {"purpose": organization.purpose}
        stated = [first, *(change.after for change in changes)]
        return cls([change.at for change in changes], [each.get("purpose") or NOT_STATED for each in stated])

    def at(self, moment: datetime) -> str:
        """Return the purpose at a moment, or "not stated" if it was blank."""
        return self.texts[bisect_right(self.moments, moment)]
