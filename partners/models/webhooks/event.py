"""Webhook events: pointers to what a partner can read now."""

from typing import Any

import orjson
from django.db import models
from django.utils import timezone

from partners.catalogue.events import API_VERSION, EventType
from partners.formats.moments import rfc3339
from partners.identifiers import PublicIdField
from partners.models.organization import Organization


class WebhookEvent(models.Model):
    """One event. It names an encounter and a document by public id, and holds nothing of either. It never changes."""

    public_id = PublicIdField("evt")
    type = models.CharField(max_length=64, choices=[(each.value, each.value) for each in EventType])
    api_version = models.CharField(max_length=10, default=API_VERSION)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="webhook_events")
    encounter_id = models.CharField(max_length=32, blank=True, default="")
    document_id = models.CharField(max_length=32, blank=True, default="")
    occurred_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-occurred_at", "-pk"]
        default_permissions = ()
        verbose_name = "webhook event"
        constraints = [models.UniqueConstraint(fields=["public_id"], name="webhook_event_public_id_unique")]
        indexes = [models.Index(fields=["occurred_at", "id"], name="webhook_event_time")]

    def __str__(self) -> str:
        return self.public_id

    @property
    def resources(self) -> dict[str, str]:
        """Return the ids that the event points to; none for a test event."""
        ids = {"encounter_id": self.encounter_id, "document_id": self.document_id}
        return {name: value for name, value in ids.items() if value}

    def body(self) -> bytes:
        """Return what is sent: the same bytes in each attempt, because they follow from columns that never change."""
        payload: dict[str, Any] = {
            "id": self.public_id,
            "type": self.type,
            "api_version": self.api_version,
            "occurred_at": rfc3339(self.occurred_at),
            "organization_id": self.organization.public_id,
            "resources": self.resources,
        }
        return orjson.dumps(payload)
