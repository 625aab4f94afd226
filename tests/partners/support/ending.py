"""Keys that end soon."""

from datetime import timedelta

from django.utils import timezone

from partners.models import ApiKey
from tests.factories import issue

DAY = timedelta(days=1)


def ending(organization, days: float, *, age: float = 100, **facts) -> ApiKey:
    """Return a key made `age` days ago that ends in `days`."""
    key, _ = issue(organization, expires_at=timezone.now() + 300 * DAY)
    now = timezone.now()
    facts = {"created_at": now - age * DAY, "expires_at": now + days * DAY} | facts
    ApiKey.objects.filter(pk=key.pk).update(**facts)
    key.refresh_from_db()
    return key
