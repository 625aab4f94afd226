"""The e-mail to staff about networks that send many wrong keys. Each network is in one e-mail a day."""

from collections.abc import Sequence

from django.conf import settings
from django.utils import timezone

from partners.api import base_url
from partners.models import GuessingAlert
from partners.record.unknown_callers import wrong_secrets
from partners.record.unknown_callers.wrong_secrets import Guesses
from partners.review.mail import emails


def due() -> list[Guesses]:
    """Return the networks that need an alert and had none today (UTC)."""
    told = set(GuessingAlert.objects.filter(day=timezone.now().date()).values_list("network", flat=True))
    return [each for each in wrong_secrets.networks_with_many().rows if each.network not in told]


def send(networks: Sequence[Guesses]) -> None:
    """Send one e-mail about these networks, and record it. If it can't be sent, they stay due."""
    facts = {"networks": networks, "base_url": base_url.stated()}
    subject = f"Many wrong API keys from {len(networks)} network{'' if len(networks) == 1 else 's'}"
    emails.message(subject, "guessing", facts, settings.STAFF_EMAIL).send()
    today = timezone.now().date()
    GuessingAlert.objects.bulk_create([GuessingAlert(network=each.network, day=today) for each in networks])
