"""Where events come from. The app that owns the data says what is ready, and whether it is still served."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from partners.catalogue.events import EventType
from partners.models import WebhookEvent


@dataclass(frozen=True, slots=True)
class Pointer:
    """What an event points to, by public id, and when it became ready."""

    organization_pk: int
    encounter_id: str
    document_id: str
    occurred_at: datetime


class Source(Protocol):
    """What an app implements for one type of event."""

    type: EventType

    def take(self, limit: int) -> list[Pointer]:
        """Return what became ready and was never taken before. Called in the transaction that writes the events."""

    def waiting_since(self) -> datetime | None:
        """Return when the oldest of what was not taken yet became ready, or None if nothing waits."""

    def served(self, events: Sequence[WebhookEvent]) -> set[int]:
        """Return the primary keys of those events whose data the organization can read now."""


# Filled while the applications start.
SOURCES: dict[EventType, Source] = {}


def register(source: Source) -> None:
    """Use `source` for the type of event that it names."""
    SOURCES[source.type] = source
