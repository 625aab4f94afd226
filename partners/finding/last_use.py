"""Find out by a key's last use if it is in use right now, still used, or idle. It is known to the minute.

A look at the key itself, by an open route, is no use.
"""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from partners.models.key import ApiKey

IN_USE, STILL_USED, IDLE = timedelta(hours=1), timedelta(days=30), timedelta(days=90)


def in_use(key: ApiKey) -> bool:
    """Return True if a call with the key was served within the hour, so that someone would notice if it stopped."""
    return key.last_used_at is not None and key.last_used_at > timezone.now() - IN_USE


def used_within(span: timedelta) -> Q:
    """Return the condition for keys that were served within `span`."""
    return Q(last_used_at__gt=timezone.now() - span)


def idle_for(span: timedelta) -> Q:
    """Return the condition for keys that were served before, but not within `span`."""
    return Q(last_used_at__lte=timezone.now() - span)
