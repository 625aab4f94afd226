"""What a key's last use says of it: whether it is in use at the moment, still used, or idle. Known to the minute."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from partners.models.key import ApiKey

IN_USE, STILL_USED, IDLE = timedelta(hours=1), timedelta(days=30), timedelta(days=90)


def in_use(key: ApiKey) -> bool:
    """Tell whether a call with the key was served within the hour: somebody would notice its end."""
    return key.last_used_at is not None and key.last_used_at > timezone.now() - IN_USE


def used_within(span: timedelta) -> Q:
    """Return the condition on keys that were served within `span`."""
    return Q(last_used_at__gt=timezone.now() - span)


def idle_for(span: timedelta) -> Q:
    """Return the condition on keys that were served once, and no more within `span`."""
    return Q(last_used_at__lte=timezone.now() - span)
