"""Counting while partners call: no record is lost or counted twice, and no call waits."""

from threading import Event

import pytest
from django.db import connection, transaction

from partners.models import RequestRecord, UsageCount
from partners.usage import counting
from tests.factories import OrganizationFactory, issue
from tests.partners.support.calls import called
from tests.partners.support.usage import differences
from tests.racing import rounds

pytestmark = pytest.mark.usefixtures("committed")
only_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
ROUNDS = rounds(postgresql=20, sqlite=3)


@pytest.fixture
def key(transactional_db):
    return issue(OrganizationFactory())[0]


def counted() -> int:
    return sum(UsageCount.objects.filter(kind="all").values_list("calls", flat=True))


def step(patience: float = 0) -> int:
    with transaction.atomic():
        return counting.add_batch(patience)


@only_postgresql
def test_a_record_that_is_committed_after_a_later_one_is_counted(key, race):
    written, looked = Event(), Event()

    def late():
        with transaction.atomic():
            called(key)
            written.set()
            assert looked.wait(30)

    def early():
        assert written.wait(30)
        called(key, times=2)
        try:
            assert differences(key) == []
            return step()
        finally:
            looked.set()

    assert race(late, early)[1] == 0
    assert (step(), counted(), differences(key)) == (3, 3, [])


@only_postgresql
def test_counting_waits_a_moment_for_a_record_that_is_being_written(key, race):
    written, looked = Event(), Event()

    def late():
        with transaction.atomic():
            called(key)
            written.set()
            assert looked.wait(30)

    def early():
        assert written.wait(30)
        called(key)
        looked.set()
        return step(30)

    assert race(late, early)[1] in (1, 2)  # the batch ends with the last record that was there when it began
    counting.count()
    assert (counted(), differences(key)) == (2, [])


@only_postgresql
def test_a_call_is_recorded_while_another_process_counts(key, race):
    holds, recorded = Event(), Event()
    counting.count()
    called(key)

    def count():
        with transaction.atomic():
            assert counting.add_batch(30) == 1
            holds.set()
            assert recorded.wait(30)

    def call():
        assert holds.wait(30)
        called(key)
        found = differences(key), step()
        recorded.set()
        return found

    assert race(count, call)[1] == ([], 0)
    assert (step(), counted()) == (1, 2)


def test_records_written_while_others_count_are_all_counted_once(key, race):
    for _ in range(ROUNDS):
        race(lambda: [called(key) for _ in range(5)], counting.count)
        race(counting.count, counting.count)
        assert differences(key) == []
    counting.count()
    assert counted() == RequestRecord.objects.count() >= 5 * ROUNDS
