"""Claim deliveries that are due, under a lease. If the process dies, they are due again when the lease ends."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import Exists, Min, OuterRef, Subquery
from django.utils import timezone

from partners import pacing
from partners.identifiers import LENGTH, random_base62
from partners.models import DeliveryState, WebhookDelivery, WebhookEndpoint

LEASE = timedelta(seconds=60)  # longer than any attempt


def endpoints_due() -> list[int]:
    """Return the endpoints that have a delivery which is due, and whose secret in force somebody has seen."""
    due = WebhookDelivery.objects.all().open().filter(endpoint=OuterRef("pk"), next_attempt_at__lte=timezone.now())
    able = WebhookEndpoint.objects.with_secret_seen()
    return list(able.filter(Exists(due)).order_by("pk").values_list("pk", flat=True))


def due_since() -> datetime | None:
    """Return when the next delivery of these endpoints became due, or will; None without one. Asks once an endpoint."""
    of_each = WebhookDelivery.objects.all().open().filter(endpoint=OuterRef("pk")).order_by("next_attempt_at")
    able = WebhookEndpoint.objects.with_secret_seen().order_by()
    first: datetime | None = able.annotate(first=Subquery(of_each.values("next_attempt_at")[:1])).aggregate(
        Min("first")
    )["first__min"]
    return first


def claim(shares: Mapping[int, int]) -> list[WebhookDelivery]:
    """Lease as many deliveries of each endpoint as its share says, or as are due. No other process gets them."""
    now, lease = timezone.now(), random_base62(LENGTH)
    with pacing.step():
        claimed = [pk for endpoint, number in shares.items() for pk in _lock(endpoint, number, now)]
        rows = WebhookDelivery.objects.filter(pk__in=claimed)
        rows.update(state=DeliveryState.LEASED, lease=lease, next_attempt_at=now + LEASE)
    return list(rows.filter(lease=lease).select_related("event__organization", "endpoint__organization"))


def _lock(endpoint: int, number: int, now: datetime) -> list[int]:
    due = WebhookDelivery.objects.all().open().filter(endpoint=endpoint, next_attempt_at__lte=now)
    locked = due.order_by("next_attempt_at", "pk").select_for_update(skip_locked=True)
    return list(locked.values_list("pk", flat=True)[:number])
