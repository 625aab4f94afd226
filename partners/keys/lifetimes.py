"""How long an API key may live in this deployment, and how long it lives where nobody says."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

LAST_RESORT = timedelta(days=36_500)


def longest() -> timedelta | None:
    """Return the longest lifetime that the deployment allows; None where keys may be without an end."""
    return timedelta(days=settings.KEY_LONGEST_LIFETIME_DAYS) or None


def default() -> timedelta | None:
    """Return the lifetime of a key for which none is asked, never over the longest; None for no end."""
    chosen = timedelta(days=settings.KEY_LIFETIME_DAYS) or None
    return min((each for each in (chosen, longest()) if each), default=None)


def default_end() -> datetime | None:
    """Return when a key made now ends if nobody says; None for never."""
    lifetime = default()
    return None if lifetime is None else timezone.now() + lifetime


def of_successor(lifetime: timedelta | None) -> timedelta | None:
    """Return how long the successor of a key lives that was made to live so long: the same, if that is allowed."""
    return min((each for each in (lifetime, longest()) if each), default=None)


def require_allowed(end: datetime | None, now: datetime) -> None:
    """Raise ValidationError for an end that is past or too far away, and for none where one is needed."""
    limit = longest()
    if end is None and limit:
        raise ValidationError({"expires_at": f"Give the key an end, {limit.days:,} days away at the most."})
    most = limit or LAST_RESORT
    if end is not None and not now < end <= now + most:
        message = f"The expiry must lie in the future, {most.days:,} days away at the most."
        raise ValidationError({"expires_at": message})
