"""The catalogue of webhook events: what partners can be told of, and the route that each points to."""

from enum import StrEnum

from partners.catalogue.routes import Route

API_VERSION = "2026-05-01"


class EventType(StrEnum):
    """One type of event. `route` is what the receiver calls next; a test event points to nothing."""

    route: Route | None

    def __new__(cls, value: str, route: Route | None = None) -> "EventType":
        member = str.__new__(cls, value)
        member._value_ = value
        member.route = route
        return member

    TRANSCRIPT_READY = "recording.transcript_ready", Route.DOCUMENTS_TRANSCRIPT
    ENDPOINT_TEST = "webhook.endpoint_test"

    @classmethod
    def public(cls) -> "list[EventType]":
        """Return the types that an endpoint can be subscribed to."""
        return [each for each in cls if each.route is not None]
