"""Deliveries of events to endpoints, and the attempts of each."""

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.utils import timezone

from partners.identifiers import LENGTH, PublicIdField
from partners.models.change import Action, Change
from partners.models.webhooks.endpoint import WebhookEndpoint
from partners.models.webhooks.event import WebhookEvent


class DeliveryState(models.TextChoices):
    """The state of a delivery. Leased: an attempt is under way, or its process died, and the lease ends."""

    WAITING = "waiting", "waiting"
    LEASED = "leased", "sending"
    DELIVERED = "delivered", "delivered"
    FAILED = "failed", "failed"
    DROPPED = "dropped", "not sent"


class DroppedWhy(models.TextChoices):
    """Why a delivery was not sent although it was due."""

    ENDPOINT_OFF = "endpoint_off", "the endpoint is off"
    NOT_ALLOWLISTED = "not_allowlisted", "the organization is not allowlisted"
    ROUTE_OFF = "route_off", "the route that it points to is not enabled"
    NOT_SERVED = "not_served", "the data that it points to is not served any more"


OPEN = Q(state__in=[DeliveryState.WAITING, DeliveryState.LEASED])
REPLAYABLE = Q(state__in=[DeliveryState.DELIVERED, DeliveryState.FAILED, DeliveryState.DROPPED])


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    """Find deliveries, and replay many."""

    def open(self) -> "WebhookDeliveryQuerySet":
        """Return those that will still be sent. Without parameters, so that PostgreSQL sees that an index fits."""
        return self.filter(RawSQL("state IN ('waiting', 'leased')", (), models.BooleanField()))

    def failed(self) -> "WebhookDeliveryQuerySet":
        """Return those that reached no one: all attempts failed, or they were dropped."""
        return self.filter(state__in=[DeliveryState.FAILED, DeliveryState.DROPPED])

    def replay(self, change: Change) -> int:
        """Send all of these again, and return their number; one change is recorded for each endpoint.

        The ids stay, so that a receiver notices what it has already. What is still waiting is not touched.
        """
        change.require_reason()
        replayed = 0
        of_each = self.filter(REPLAYABLE).order_by().values_list("endpoint", flat=True).distinct()
        for endpoint in WebhookEndpoint.objects.filter(pk__in=of_each).select_related("organization"):
            with transaction.atomic():
                rows = self.filter(REPLAYABLE, endpoint=endpoint).order_by().values("pk")
                again = {"state": DeliveryState.WAITING, "next_attempt_at": timezone.now(), "step": 0, "why": ""}
                number = WebhookDelivery.objects.filter(pk__in=rows).update(**again, finished_at=None)
                endpoint._record(Action.WEBHOOK_REPLAYED, change, after={"deliveries": number})
            replayed += number
        return replayed

    replay.queryset_only = True  # type: ignore[attr-defined]


class WebhookDelivery(models.Model):
    """One event for one endpoint. `step` counts the attempts of the schedule, `attempts` all, also before a replay.

    A delivery is due at `next_attempt_at`. While it is leased, that is the end of the lease.
    """

    public_id = PublicIdField("whd")
    event = models.ForeignKey(WebhookEvent, models.PROTECT, related_name="deliveries")
    endpoint = models.ForeignKey(WebhookEndpoint, models.PROTECT, related_name="deliveries", db_index=False)
    state = models.CharField(max_length=9, choices=DeliveryState, default=DeliveryState.WAITING)
    why = models.CharField(max_length=15, choices=DroppedWhy, blank=True, default="")
    step = models.PositiveSmallIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    lease = models.CharField(max_length=LENGTH, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        default_permissions = ()
        verbose_name = "webhook delivery"
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.UniqueConstraint(fields=["public_id"], name="webhook_delivery_public_id_unique"),
            models.UniqueConstraint(fields=["event", "endpoint"], name="webhook_delivery_once"),
            models.CheckConstraint(condition=Q(state__in=DeliveryState.values), name="webhook_delivery_state_known"),
            models.CheckConstraint(
                condition=Q(why="") | Q(why__in=DroppedWhy.values, state=DeliveryState.DROPPED),
                name="webhook_delivery_dropped_says_why",
            ),
        ]
        indexes = [
            models.Index(fields=["endpoint", "next_attempt_at", "id"], condition=OPEN, name="webhook_delivery_due"),
            models.Index(fields=["endpoint", "created_at", "id"], name="webhook_delivery_newest"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_open(self) -> bool:
        """Return True if it will still be sent without anybody's help."""
        return self.state in (DeliveryState.WAITING, DeliveryState.LEASED)

    def replay(self, change: Change) -> None:
        """Send it again; raise ValidationError while it is still waiting to be sent."""
        if not WebhookDelivery.objects.filter(pk=self.pk).replay(change):
            raise ValidationError("This delivery is still waiting to be sent.", code="waiting")
        self.refresh_from_db()


class WebhookAttempt(models.Model):
    """One attempt of a delivery: when, the status or the kind of failure, and how long it took. Never a body."""

    delivery = models.ForeignKey(WebhookDelivery, models.PROTECT, related_name="history", db_index=False)
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    fault = models.CharField(max_length=32, blank=True, default="")
    milliseconds = models.PositiveIntegerField()

    class Meta:
        ordering = ["-at", "-pk"]
        default_permissions = ()
        verbose_name = "webhook attempt"
        indexes = [models.Index(fields=["delivery", "at"], name="webhook_attempt_of_delivery")]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__isnull=False, fault="") | (Q(status=None) & ~Q(fault="")),
                name="webhook_attempt_status_or_fault",
            )
        ]

    def __str__(self) -> str:
        return str(self.status or self.fault)

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300
