"""Numbers that pages read are those of the ledger, however far its records are counted."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from partners.models import RequestRecord, UsageProgress
from partners.record.retention import Pruning
from partners.usage import counting, reading
from partners.usage.hours import Kind
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.support import aged
from tests.partners.support.calls import called
from tests.partners.support.usage import differences, read

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def keys(key):
    """Keys of one organization, of another and of none."""
    return [key, issue(key.organization)[0], issue(OrganizationFactory())[0], issue(None)[0]]


def call_with(keys, ago=timedelta(0)) -> None:
    for number, key in enumerate(keys, 1):
        called(key, times=3 * number, every=7 * HOUR, ago=ago)
        called(key, "invalid_limit", times=number, every=11 * HOUR, ago=ago)
        called(key, "missing_scope", ago=ago + number * HOUR)


def test_numbers_are_exact_before_while_and_after_records_are_counted(keys, monkeypatch):
    monkeypatch.setattr(counting, "BATCH", 10)
    call_with(keys)
    assert differences(*keys) == []
    counting.add_batch(0)
    assert differences(*keys) == []
    counting.count()
    call_with(keys, ago=timedelta(days=3))
    assert differences(*keys) == []
    counting.count()
    assert differences(*keys) == []


def test_pruning_old_records_changes_no_number(keys):
    aged.request(keys[0], aged.cutoff() - aged.DAY)
    call_with(keys)
    counting.count()
    before = [read(Kind.KEY, key.pk) for key in keys]
    Pruning(6, 100).run(CHANGE)
    assert RequestRecord.objects.filter(occurred_at__lt=aged.cutoff()).count() == 0
    assert [read(Kind.KEY, key.pk) for key in keys] == before
    assert differences(*keys) == []


def test_a_period_begins_with_its_first_hour_and_ends_before_its_last(key):
    at = timezone.now().replace(minute=0, second=0, microsecond=0)
    for moment in (at - HOUR, at - timedelta(microseconds=1), at, at - HOUR - timedelta(microseconds=1)):
        aged.request(key, moment)
    for _ in range(2):
        found = reading.read(Kind.KEY, [key.pk], at - HOUR, at, reading.found())
        assert found == [reading.Count(key.pk, at - HOUR, "", 2)]
        counting.count()


def test_the_calls_of_a_day_are_summed_up(key):
    day = (timezone.now() - timedelta(days=2)).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for hour in (0, 5, 23):
        aged.request(key, day + hour * HOUR)
    for _ in range(2):
        found = reading.read(Kind.KEY, [key.pk], day, day + timedelta(days=3), reading.found(), daily=True)
        assert found == [reading.Count(key.pk, day, "", 3)]
        counting.count()


def test_without_owners_the_database_is_not_asked(db):
    with CaptureQueriesContext(connection) as captured:
        now = datetime.now(UTC)
        assert reading.read(Kind.KEY, [], now, now, reading.Progress(0, 1, 0)) == []
    assert len(captured) == 0


def test_a_page_counts_a_batch_if_many_records_wait(key, monkeypatch):
    monkeypatch.setattr(reading, "UNCOUNTED", 5)
    monkeypatch.setattr(counting, "BATCH", 5)
    called(key, times=5)
    assert (reading.progress().waiting, UsageProgress.objects.count()) == (5, 0)
    called(key, times=2)
    progress = reading.progress()
    assert (progress.waiting, progress.is_behind) == (2, False)


def test_a_page_is_shown_even_if_the_database_is_busy(key, monkeypatch):
    def busy(patience):
        raise OperationalError("database is locked")

    monkeypatch.setattr(reading, "UNCOUNTED", 1)
    monkeypatch.setattr(counting, "add_batch", busy)
    called(key, times=3)
    assert reading.progress().waiting >= 3
    assert differences(key) == []


def test_with_too_many_uncounted_records_only_the_counts_are_read(key, monkeypatch):
    called(key, times=2)
    counting.count()
    called(key, times=4)
    monkeypatch.setattr(reading, "READ", 3)
    assert (reading.found().is_behind, reading.found().waiting) == (True, 4)
    assert sum(read(Kind.KEY, key.pk).values()) == 2


def test_a_database_without_records_has_nothing_to_count(db):
    assert (reading.progress().waiting, reading.progress().is_behind) == (0, False)
