"""Webhook endpoints, events and deliveries, for tests."""

from partners.catalogue.events import EventType
from partners.models import WebhookDelivery, WebhookEndpoint, WebhookEvent
from tests.factories import CHANGE

URL = "https://receiver.example/webhooks"


def added(organization, url=URL, *, shown=True) -> WebhookEndpoint:
    """Return an endpoint, whose secret somebody has seen unless told otherwise."""
    endpoint = WebhookEndpoint.add(CHANGE, organization=organization, url=url, events=[EventType.TRANSCRIPT_READY])
    if shown:
        endpoint.show_secret(CHANGE)
    return endpoint


def event_for(organization, **values) -> WebhookEvent:
    ids = {"encounter_id": "enc_Invented1", "document_id": "doc_Invented1"}
    return WebhookEvent.objects.create(type=EventType.TRANSCRIPT_READY, organization=organization, **{**ids, **values})


def delivery_to(endpoint, **values) -> WebhookDelivery:
    return WebhookDelivery.objects.create(endpoint=endpoint, event=event_for(endpoint.organization), **values)
