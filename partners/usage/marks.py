"""The changes that are marked on a chart, because they may explain why calls begin or end."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from partners.models import ApiKey, ChangeEvent
from partners.models.change import Action

SHOWN = 50  # the newest changes that are marked
LETTERS = {
    Action.KEY_ROTATED: "R",
    Action.KEY_REVOKED: "X",
    Action.SCOPES_CHANGED: "S",
    Action.KEY_DISABLED: "D",
    Action.KEY_ENABLED: "E",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """One change: when and what, the key it is about, and the letter that stands for it."""

    at: datetime
    words: str
    letter: str
    key: ApiKey | None


@dataclass(frozen=True, slots=True)
class Marks:
    """The newest changes of a period, oldest first. `more`: there are older ones, which are not marked."""

    shown: list[Mark]
    more: bool

    @property
    def legend(self) -> list[tuple[str, str]]:
        """Return the letter and the words of each kind of change."""
        return sorted({(mark.letter, mark.words) for mark in self.shown})


def of(events: QuerySet[ChangeEvent], since: datetime, until: datetime) -> Marks:
    """Return the marks of a period."""
    within = events.filter(action__in=LETTERS, occurred_at__gte=since, occurred_at__lt=until)
    newest = list(within.select_related("api_key").order_by("-occurred_at", "-pk")[: SHOWN + 1])
    shown = [
        Mark(event.occurred_at, event.get_action_display(), LETTERS[Action(event.action)], event.api_key)
        for event in reversed(newest[:SHOWN])
    ]
    return Marks(shown, more=len(newest) > SHOWN)
