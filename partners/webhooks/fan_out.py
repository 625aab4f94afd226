"""From what became ready to events, and to a delivery for each endpoint that wants them."""

from partners import pacing
from partners.models import WebhookDelivery, WebhookEndpoint, WebhookEvent
from partners.webhooks import sources
from partners.webhooks.sources import Pointer, Source

TOGETHER = 500  # events in one transaction


def fan_out() -> bool:
    """Write the next events and their deliveries. Return True if more may be waiting.

    Simultaneous runs share the work: what one of them has taken, no other takes.
    """
    return any(_some(source) for source in sources.SOURCES.values())


def _some(source: Source) -> bool:
    with pacing.step():
        pointers = source.take(TOGETHER)
        wanting = {pk: _wanting(pk, source) for pk in {each.organization_pk for each in pointers}}
        events = [_event(source, each) for each in pointers if wanting[each.organization_pk]]
        WebhookEvent.objects.bulk_create(events)
        deliveries = [
            WebhookDelivery(event=event, endpoint=endpoint)
            for event in events
            for endpoint in wanting[event.organization_id]
        ]
        WebhookDelivery.objects.bulk_create(deliveries)
    return len(pointers) == TOGETHER


def _wanting(organization_pk: int, source: Source) -> list[WebhookEndpoint]:
    return WebhookEndpoint.objects.all().wanting(organization_pk, source.type)


def _event(source: Source, pointer: Pointer) -> WebhookEvent:
    return WebhookEvent(
        type=source.type,
        organization_id=pointer.organization_pk,
        encounter_id=pointer.encounter_id,
        document_id=pointer.document_id,
        occurred_at=pointer.occurred_at,
    )
