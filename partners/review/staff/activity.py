"""What one person on staff did and looked at in a period, from the record of changes."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Max, Min, Q, QuerySet

from partners.accounting.periods import Period
from partners.models import ChangeEvent
from partners.models.change import Action, Change


@dataclass(frozen=True, slots=True)
class Total:
    """How often a person did one kind of thing, and when first and last."""

    action: Action
    first: datetime
    last: datetime
    number: int


@dataclass(frozen=True, slots=True)
class Activity:
    """What a person did, approved and looked at. Names are compared in any case."""

    person: str
    period: Period
    totals: list[Total]

    @classmethod
    def ask(cls, change: Change, person: str, period: Period, *, form: str) -> "Activity":
        """Record who asks about whom and why, then return it. `form` is "page" or "CSV".

        Raise ValidationError without a reason.
        """
        change.require_reason()
        activity = cls(person, period, _totals(_events(person, period)))
        after = {
            "person": person,
            "from": period.start.isoformat(),
            "to": period.end.isoformat(),
            "number": activity.number,
            "form": form,
        }
        with transaction.atomic(durable=True):
            ChangeEvent.record(Action.STAFF_ACTIVITY_SHOWN, change, after=after)
        return activity

    @property
    def number(self) -> int:
        return sum(total.number for total in self.totals)

    def events(self) -> QuerySet[ChangeEvent]:
        """Return everything that the person did or approved, the newest first. `is_own` is False if only approved."""
        events = _events(self.person, self.period).select_related("organization", "api_key")
        return events.annotate(is_own=Q(by__iexact=self.person))


def _events(person: str, period: Period) -> QuerySet[ChangeEvent]:
    by_person = Q(by__iexact=person) | Q(approved_by__iexact=person)
    return ChangeEvent.objects.filter(by_person, occurred_at__gte=period.start, occurred_at__lt=period.end)


def _totals(events: QuerySet[ChangeEvent]) -> list[Total]:
    """Return the totals in the order of the kinds of changes."""
    rows = events.order_by().values_list("action")
    found = {
        action: Total(Action(action), *facts)
        for action, *facts in rows.annotate(Min("occurred_at"), Max("occurred_at"), Count("pk"))
    }
    return [found[action] for action in Action if action in found]
