"""Records of any age: the triggers refuse no insertion."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone

from partners.formats.moments import years_before
from partners.models import ChangeEvent, RequestRecord, UnkeyedCount
from partners.models.change import Action
from tests.factories import RequestRecordFactory

DAY = timedelta(days=1)


def cutoff(years: int = 6) -> datetime:
    return years_before(timezone.now(), years)


def request(key, occurred_at: datetime, **values) -> RequestRecord:
    return RequestRecordFactory(api_key=key, occurred_at=occurred_at, **values)


def change(occurred_at: datetime, **values) -> ChangeEvent:
    values = {"action": Action.CONTACT_CHANGED, "by": "tester", "source": "tests"} | values
    return ChangeEvent.objects.create(occurred_at=occurred_at, **values)


def count(minute: datetime) -> UnkeyedCount:
    return UnkeyedCount.objects.create(
        minute=minute.astimezone(UTC).replace(second=0, microsecond=0), reason_code="invalid_key", count=3
    )
