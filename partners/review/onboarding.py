"""Access requests: which of them staff have not been told about, the e-mail that does so, and which are deleted."""

from collections.abc import Sequence

from django.conf import settings
from django.utils import timezone

from partners.api import base_url
from partners.finding.found import Found
from partners.models import OnboardingCount, OnboardingRequest, OnboardingState
from partners.review.mail import emails


def waiting() -> Found[OnboardingRequest]:
    """Return the requests that nobody has decided on, oldest first."""
    return Found.of(OnboardingRequest.objects.in_state(OnboardingState.WAITING))


def unannounced() -> list[int]:
    """Return the primary keys of the waiting requests that no e-mail to staff was about."""
    rows = OnboardingRequest.objects.in_state(OnboardingState.WAITING).filter(announced_at=None)
    return list(rows.values_list("pk", flat=True))


def announce(requests: Sequence[int]) -> None:
    """Send staff one e-mail about these requests. It holds none of their words: anyone can write those."""
    number = len(requests)
    facts = {"number": number, "base_url": base_url.stated()}
    subject = f"{number} new access request{'' if number == 1 else 's'}"
    emails.message(subject, "access_requests", facts, settings.STAFF_EMAIL).send()
    OnboardingRequest.objects.filter(pk__in=requests).update(announced_at=timezone.now())


def prune() -> int:
    """Delete the requests that were decided long ago, and the counts of earlier days. Return the number of requests."""
    OnboardingCount.forget_past()
    return OnboardingRequest.objects.due().delete()[0]
