"""Find out by a key's last use if it is in use right now, still used, or idle. It is known to the minute.

A look at the key itself, by an open route, is no use.
"""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from partners.models.keys.key import ApiKey

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


# By what a list filters: the name of each choice in the URL, and its words.
CHOICES = [
    ("lately", "In the last 24 hours"),
    ("idle30", f"Not for {STILL_USED.days} days"),
    ("idle", f"Not for {IDLE.days} days"),
    ("never", "Never"),
]
_LATELY, _IDLE = timedelta(hours=24), {"idle30": STILL_USED, "idle": IDLE}


def of_key(choice: str) -> Q:
    """Return the condition of one of `CHOICES` for keys."""
    if choice == "never":
        return Q(last_used_at=None)
    return idle_for(_IDLE[choice]) if choice in _IDLE else used_within(_LATELY)


def of_organization(choice: str) -> Q:
    """Return the condition of one of `CHOICES` for organizations: when any of their keys was last used."""
    if choice == "never":
        return ~_owners(Q(last_used_at__isnull=False))
    if choice in _IDLE:
        return _owners(idle_for(_IDLE[choice])) & ~_owners(used_within(_IDLE[choice]))
    return _owners(used_within(_LATELY))


def _owners(keys: Q) -> Q:
    """Return the condition for organizations with such a key. Keys are read once, not once per organization."""
    found = ApiKey.objects.filter(keys, organization__isnull=False).order_by()
    return Q(pk__in=found.values("organization"))
