"""Keys and records of any age: the triggers refuse no insertion."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone

from partners.formats.moments import years_before
from partners.models import ApiKey, ChangeEvent, RequestRecord, UnkeyedCount
from partners.models.change import Action
from tests.factories import RequestRecordFactory, issue

DAY = timedelta(days=1)


def cutoff(years: int = 6) -> datetime:
    return years_before(timezone.now(), years)


def key(organization, **values) -> tuple[ApiKey, str]:
    """Return a key that was made 100 days ago, with these values, and its token."""
    made, token = issue(organization)
    ApiKey.objects.filter(pk=made.pk).update(**{"created_at": timezone.now() - 100 * DAY} | values)
    return ApiKey.objects.get(pk=made.pk), token


def request(key, occurred_at: datetime, **values) -> RequestRecord:
    return RequestRecordFactory(api_key=key, occurred_at=occurred_at, **values)


def change(occurred_at: datetime, **values) -> ChangeEvent:
    values = {"action": Action.CONTACT_CHANGED, "by": "tester", "source": "tests"} | values
    return ChangeEvent.objects.create(occurred_at=occurred_at, **values)


def count(minute: datetime) -> UnkeyedCount:
    return UnkeyedCount.objects.create(
        minute=minute.astimezone(UTC).replace(second=0, microsecond=0), reason_code="invalid_key", count=3
    )
