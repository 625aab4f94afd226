"""Which links need somebody's attention."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from partners.finding.found import Found
from partners.keys.links import ATTEMPTS
from partners.models import KeyHandover
from partners.models.handover.fields import WAITING

LONG, LATELY = timedelta(hours=24), timedelta(days=7)


def needing_staff() -> Found[KeyHandover]:
    """Return the links that wait for staff rather than for the contact, and those that were used again lately."""
    now = timezone.now()
    unsent, locked, refused = Q(sent_at=None), Q(code_failures__gte=ATTEMPTS), Q(refused_at__isnull=False)
    overdue = Q(link_expires_at__lte=now) | Q(sent_at__lte=now - LONG)
    used_again = Q(reused_at__gt=now - LATELY)
    rows = KeyHandover.objects.filter((WAITING & (unsent | locked | refused | overdue)) | used_again)
    return Found.of(rows.select_related("organization", "replaces"))
