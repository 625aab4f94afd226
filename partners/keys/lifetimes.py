"""How long an API key may live in this deployment, and how long it lives by default."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

LAST_RESORT = timedelta(days=36_500)  # without a limit of the deployment: a later date is a typing error


def longest() -> timedelta | None:
    """Return the longest lifetime that the deployment allows, or None if keys need not expire."""
    return timedelta(days=settings.KEY_LONGEST_LIFETIME_DAYS) or None


def default() -> timedelta | None:
    """Return the default lifetime of a key, never longer than the longest, or None if it doesn't expire."""
    chosen = timedelta(days=settings.KEY_LIFETIME_DAYS) or None
    return min((each for each in (chosen, longest()) if each), default=None)


def default_end() -> datetime | None:
    """Return when a key issued now expires by default, or None for never."""
    lifetime = default()
    return None if lifetime is None else timezone.now() + lifetime


def of_successor(lifetime: timedelta | None) -> timedelta | None:
    """Return the lifetime of the successor of a key with this lifetime: the same, if that is allowed."""
    return min((each for each in (lifetime, longest()) if each), default=None)


def latest_end(created_at: datetime) -> datetime | None:
    """Return the latest expiry that a key issued at this time may get, or None if the deployment sets no limit."""
    limit = longest()
    return None if limit is None else created_at + limit


def soonest_end(created_at: datetime) -> datetime:
    """Return now, or the moment after a key's issue if another machine's clock, which is ahead, issued it."""
    return max(timezone.now(), created_at + timedelta(microseconds=1))


def require_allowed(end: datetime | None, now: datetime) -> None:
    """Raise ValidationError if the expiry is past, too far away, or missing although the deployment requires one."""
    limit = longest()
    if end is None and limit:
        raise ValidationError({"expires_at": f"Set an expiry, at most {limit.days:,} days away."})
    most = limit or LAST_RESORT
    if end is not None and not now < end <= now + most:
        message = f"The expiry must be in the future, at most {most.days:,} days away."
        raise ValidationError({"expires_at": message})


def require_extendable(end: datetime, created_at: datetime) -> None:
    """Raise ValidationError if the expiry of a key is past, or further from its issue than a key may live."""
    limit = longest() or LAST_RESORT
    if not timezone.now() < end <= created_at + limit:
        rule = f"A key lives at most {limit.days:,} days from its issue"
        message = f"The expiry must be in the future. {rule}: until {created_at + limit:%Y-%m-%d %H:%M} UTC."
        raise ValidationError({"expires_at": message})
