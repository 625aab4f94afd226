"""Counts that differ from the ledger are found and corrected, and nothing else is."""

from datetime import timedelta

import pytest
from django.db.models import F

from partners.models import RequestRecord, UsageCount
from partners.usage import counting, drift
from partners.usage.hours import KEPT
from tests.partners.support.calls import called
from tests.partners.support.usage import differences

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def counted(key):
    """A key whose calls in three hours are counted; one more is not."""
    called(key, times=3, every=HOUR), called(key, "invalid_limit", times=2, every=timedelta(0))
    counting.count()
    called(key)
    return key


def wrong() -> list[drift.Difference]:
    return [difference for hour in drift.each_hour() for difference in drift.compared(hour)]


def repaired() -> list[drift.Difference]:
    return [difference for hour in drift.each_hour() for difference in drift.corrected(hour)]


def test_exact_counts_differ_in_nothing(counted):
    hours = {
        at.replace(minute=0, second=0, microsecond=0)
        for at in RequestRecord.objects.values_list("occurred_at", flat=True)
    }
    assert [*drift.each_hour()] == sorted(hours)
    assert (wrong(), repaired()) == ([], [])


@pytest.mark.parametrize("kind", ["key", "organization", "all"])
def test_a_wrong_count_is_found_and_corrected(counted, kind):
    UsageCount.objects.filter(kind=kind, reason_code="invalid_limit").update(calls=F("calls") + 7)
    found = wrong()
    assert [(each.kind, each.reason_code, each.kept, each.true) for each in found] == [(kind, "invalid_limit", 9, 2)]
    assert (repaired(), wrong(), differences(counted)) == (found, [], [])


def test_lost_counts_are_found_and_corrected(counted):
    UsageCount.objects.all().delete()
    assert len(repaired()) >= 9
    assert (wrong(), differences(counted)) == ([], [])


def test_a_count_of_calls_that_never_were_is_found_and_corrected(counted):
    hour = max(drift.each_hour()) + 5 * HOUR
    UsageCount.objects.create(kind="key", owner=counted.pk, hour=hour, reason_code="", calls=3)
    assert wrong() == repaired() == [drift.Difference("key", counted.pk, "", 3, 0)]
    assert (wrong(), differences(counted)) == ([], [])


def test_hours_that_no_chart_shows_are_not_compared(counted):
    called(counted, ago=KEPT + timedelta(days=1))
    counting.count()
    assert wrong() == []
