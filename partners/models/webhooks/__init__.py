"""Webhooks: endpoints of partners, events, their deliveries to each endpoint, and the attempts of each delivery."""

from partners.models.webhooks.delivery import DeliveryState, WebhookAttempt, WebhookDelivery
from partners.models.webhooks.endpoint import WebhookEndpoint
from partners.models.webhooks.endpoints import OffWhy
from partners.models.webhooks.event import WebhookEvent
from partners.models.webhooks.service import WebhookService

__all__ = [
    "DeliveryState",
    "OffWhy",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEvent",
    "WebhookService",
]
