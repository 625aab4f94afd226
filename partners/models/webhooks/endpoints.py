"""Endpoints found: those that are on, those that fail, and those that an event is for."""

from collections import Counter
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Case, When
from django.utils import timezone

from partners.catalogue.events import EventType

if TYPE_CHECKING:
    from partners.models.webhooks.endpoint import WebhookEndpoint


class OffWhy(models.TextChoices):
    """Why an endpoint is off."""

    STAFF = "staff", "switched off by staff"
    GONE = "gone", "it answered 410 Gone"
    FAILING = "failing", "every attempt failed for five days"


class WebhookEndpointQuerySet(models.QuerySet["WebhookEndpoint"]):
    """Find endpoints."""

    def on(self) -> "WebhookEndpointQuerySet":
        return self.filter(off_at=None)

    def failing(self) -> "WebhookEndpointQuerySet":
        """Return those that are on and whose last attempt failed, the longest first."""
        return self.on().filter(failing_since__isnull=False).order_by("failing_since", "pk")

    def switched_off_by_us(self) -> "WebhookEndpointQuerySet":
        """Return those that are off although no member of staff switched them off."""
        return self.filter(off_why__in=[OffWhy.GONE, OffWhy.FAILING])

    def with_secret_seen(self) -> "WebhookEndpointQuerySet":
        """Return those whose secret in force somebody has seen, so that what is sent can be verified."""
        next_is_in_force = When(next_starts_at__lte=timezone.now(), then="next_generation")
        return self.filter(shown_generation__gte=Case(next_is_in_force, default="generation"))

    def per_digest_key(self) -> Counter[int]:
        """Return how many of them need each digest key, for the secret in force or for the next one."""
        rows = self.order_by().values_list("digest_key_number", "next_digest_key_number")
        return Counter(number for row in rows for number in {*row} if number is not None)

    def wanting(self, organization_pk: int, event_type: EventType) -> "list[WebhookEndpoint]":
        """Return those that an event is for. They may be off: the delivery is then dropped, and can be replayed."""
        return [each for each in self.filter(organization=organization_pk).order_by("pk") if event_type in each.events]
