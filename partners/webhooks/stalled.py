"""Events that wait although no delivery service runs: shown on Home, and told to staff once by e-mail."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Min
from django.utils import timezone

from partners.api import base_url
from partners.models import WebhookDelivery, WebhookService
from partners.review.mail import emails
from partners.webhooks import sources

PATIENCE = timedelta(minutes=5)  # without a service, until staff are told


@dataclass(frozen=True, slots=True)
class Stalled:
    """Since when events wait, and when a service last looked for some; None if none ever did."""

    waiting_since: datetime
    last_seen: datetime | None


def found() -> Stalled | None:
    """Return what waits while no service runs, or None if one does or nothing waits."""
    late, last_seen = timezone.now() - PATIENCE, WebhookService.objects.values_list("seen_at", flat=True).first()
    if last_seen is not None and last_seen > late:
        return None
    since = _waiting_since()
    return None if since is None or since > late else Stalled(since, last_seen)


def untold() -> Stalled | None:
    """Return the same, or None if staff were told since a service ran."""
    return None if WebhookService.objects.filter(told_at__isnull=False).exists() else found()


def tell(stalled: Stalled) -> None:
    """Send staff an e-mail, and note it. If it can't be sent, it stays due."""
    facts = {
        "waiting_since": emails.moment(stalled.waiting_since),
        "last_seen": stalled.last_seen and emails.moment(stalled.last_seen),
        "base_url": base_url.stated(),
    }
    emails.message("Webhooks are not being delivered", "stalled", facts, settings.STAFF_EMAIL).send()
    WebhookService.note_told()


def _waiting_since() -> datetime | None:
    """Return since when the oldest waits: an event that is not made yet, or a delivery that is due."""
    due = WebhookDelivery.objects.all().open().aggregate(first=Min("next_attempt_at"))["first"]
    moments = [due, *(source.waiting_since() for source in sources.SOURCES.values())]
    return min((each for each in moments if each is not None), default=None)
