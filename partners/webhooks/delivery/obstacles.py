"""What forbids a delivery right before it is sent: nobody is told of what they can't read."""

from collections.abc import Sequence

from partners.catalogue.events import EventType
from partners.models import RouteGrant, WebhookDelivery, WebhookEvent
from partners.models.webhooks.delivery import DroppedWhy
from partners.webhooks import sources


def found(deliveries: Sequence[WebhookDelivery]) -> dict[int, DroppedWhy]:
    """Return why deliveries must not be sent, by primary key. A test event points to nothing, so nothing forbids it."""
    real = [each for each in deliveries if EventType(each.event.type).route is not None]
    served, granted = _served([each.event for each in real]), _granted(real)
    told = {each.pk: _obstacle(each, served, granted) for each in real}
    return {pk: why for pk, why in told.items() if why is not None}


def _obstacle(delivery: WebhookDelivery, served: set[int], granted: set[tuple[int, str]]) -> DroppedWhy | None:
    event, route = delivery.event, EventType(delivery.event.type).route
    if not delivery.endpoint.is_on:
        return DroppedWhy.ENDPOINT_OFF
    if not event.organization.allowlisted:
        return DroppedWhy.NOT_ALLOWLISTED
    if route is not None and (event.organization_id, route.route_name) not in granted:
        return DroppedWhy.ROUTE_OFF
    return None if event.pk in served else DroppedWhy.NOT_SERVED


def _granted(deliveries: Sequence[WebhookDelivery]) -> set[tuple[int, str]]:
    organizations = {each.event.organization_id for each in deliveries}
    return set(RouteGrant.objects.filter(organization__in=organizations).values_list("organization", "route"))


def _served(events: Sequence[WebhookEvent]) -> set[int]:
    of_each = [(source, [each for each in events if each.type == type_]) for type_, source in sources.SOURCES.items()]
    return {pk for source, its in of_each if its for pk in source.served(its)}
