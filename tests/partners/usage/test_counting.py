"""Every record is added to the counts exactly once, whenever it is committed and whatever its time."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from partners.models import UsageCount, UsageProgress
from partners.usage import counting, hours
from partners.usage.hours import Kind
from tests.factories import OrganizationFactory, issue
from tests.partners.support.calls import called
from tests.partners.support.usage import differences, read, recorded

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def total(**values) -> int:
    return sum(UsageCount.objects.filter(**values).values_list("calls", flat=True))


def test_calls_are_counted_for_a_key_for_its_organization_and_for_all(key):
    other, free = issue(key.organization)[0], issue(None)[0]
    called(key, times=4), called(key, "invalid_limit", times=2), called(other, times=3), called(free)
    assert counting.count() == 10
    assert [total(kind="key", owner=each.pk) for each in (key, other, free)] == [6, 3, 1]
    assert total(kind="organization", owner=key.organization_id) == total(kind="organization") == 9
    assert (total(kind="all", owner=0), total(kind="all", reason_code="invalid_limit")) == (10, 2)


def test_each_record_is_counted_once(key):
    called(key, times=3)
    assert (counting.count(), counting.count()) == (3, 0)
    called(key, times=2)
    assert counting.count() == 2
    assert total(kind="key") == 5


def test_records_are_counted_in_batches(key, monkeypatch):
    monkeypatch.setattr(counting, "BATCH", 3)
    called(key, times=7, every=timedelta(hours=1))
    with transaction.atomic():
        assert counting.add_batch(0) == 3
    assert counting.count() == 4
    assert differences(key) == []


def test_a_record_of_an_hour_that_was_counted_is_added_to_it(key):
    called(key, times=2, ago=timedelta(hours=5))
    counting.count()
    called(key, "invalid_limit", times=3, ago=timedelta(hours=5))
    counting.count()
    assert differences(key) == []
    assert total(kind="key") == 5


def test_clocks_that_are_wrong_move_calls_and_lose_none(key):
    called(key, times=2, ago=-timedelta(hours=3)), called(key, times=3, ago=20 * DAY)
    counting.count()
    assert read(Kind.KEY, key.pk) == recorded(Kind.KEY, key.pk)
    assert total(kind="key") == 5


def test_a_record_too_old_for_any_chart_is_passed_over(key):
    called(key, ago=hours.KEPT + DAY), called(key)
    assert counting.count() == 2
    assert total(kind="key") == 1


def test_counts_that_no_chart_shows_are_deleted_and_others_stay(key):
    called(key, ago=hours.KEPT - DAY), called(key, ago=DAY)
    counting.count()
    old = timezone.now() - hours.KEPT - DAY
    for at in (old, old - DAY):
        UsageCount.objects.create(kind="key", owner=key.pk, hour=at.replace(minute=0, second=0, microsecond=0), calls=9)
    counting.prune()
    assert (total(kind="key"), differences(key)) == (2, [])


def test_nothing_is_counted_without_records():
    counting.prune()
    assert (counting.count(), UsageProgress.objects.get().counted_to) == (0, 0)


def test_a_count_and_its_progress_say_what_they_are(key):
    called(key)
    counting.count()
    assert str(UsageCount.objects.filter(kind="all").get()) == "1 calls"
    assert str(UsageProgress.objects.get()).startswith("counted to ")


def test_a_call_of_another_hour_is_not_of_this_one(key):
    called(OrganizationFactory() and key, times=2, every=timedelta(hours=1))
    counting.count()
    assert UsageCount.objects.filter(kind="key").count() == 2
