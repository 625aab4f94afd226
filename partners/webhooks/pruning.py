"""Old webhook events go, with their deliveries and attempts. What is still to be sent stays."""

from datetime import timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from partners import pacing
from partners.models import WebhookAttempt, WebhookDelivery, WebhookEvent

KEPT = timedelta(days=90)


def due() -> QuerySet[WebhookEvent]:
    """Return the events that are old enough, the oldest first."""
    waiting = WebhookDelivery.objects.all().open().filter(event=OuterRef("pk"))
    old = WebhookEvent.objects.filter(occurred_at__lt=timezone.now() - KEPT)
    return old.filter(~Exists(waiting)).order_by("occurred_at", "pk")


def prune(batch: int) -> int:
    """Delete the events that are due, in batches, each in its own transaction. Return their number."""
    number = 0
    while some := _prune_some(batch):
        number += some
    return number


def _prune_some(batch: int) -> int:
    with pacing.step():
        locked = due().select_for_update(of=("self",), skip_locked=True)
        events = list(locked.values_list("pk", flat=True)[:batch])
        WebhookAttempt.objects.filter(delivery__event__in=events).delete()
        WebhookDelivery.objects.filter(event__in=events).delete()
        WebhookEvent.objects.filter(pk__in=events).delete()
    return len(events)
