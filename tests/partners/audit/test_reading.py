"""Rows are read in the order of their ids, in batches, once they are certain to stay."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from partners import writers
from partners.audit import reading
from partners.audit.reading import CALLS, CHANGES, START, Place
from partners.models import RequestRecord
from tests.partners.support.calls import called

pytestmark = pytest.mark.django_db


def test_rows_come_in_batches(key, monkeypatch):
    monkeypatch.setattr(reading, "BATCH", 2)
    pks = sorted(record.pk for record in called(key, times=5))
    assert [[row.pk for row in rows] for rows in CALLS.batches(pks[0], pks[4])] == [pks[1:3], pks[3:5]]
    assert list(CALLS.batches(pks[0], pks[0])) == []


def test_the_last_row_is_the_newest(key):
    pks = sorted(record.pk for record in called(key, times=2))
    newest = RequestRecord.objects.get(pk=pks[1])
    assert CALLS.last(START) == CALLS.last(Place(pks[1])) == Place(newest.pk, newest.occurred_at)


def test_an_empty_record_goes_on_where_it_was(db):
    assert not RequestRecord.objects.exists()
    assert CALLS.last(Place(7)) == Place(7)
    assert CALLS.fault(Place(7, timezone.now())) is None


def test_a_record_that_ends_before_the_cursor_is_refused(key):
    (record,) = called(key)
    assert CALLS.fault(Place(record.pk)) is None
    fault = CALLS.fault(Place(record.pk + 1))
    assert f"calls ends at {record.pk}, before {record.pk + 1}" in fault.message


def test_a_record_with_another_row_at_the_cursor_is_refused(key):
    first, _ = sorted(called(key, times=2), key=lambda record: record.pk)
    assert CALLS.fault(Place(first.pk, first.occurred_at)) is None
    fault = CALLS.fault(Place(first.pk, first.occurred_at - timedelta(microseconds=1)))
    assert f"calls no longer has the row {first.pk} that was exported last" in fault.message
    assert CALLS.fault(Place(first.pk)) is None


def test_a_record_without_the_row_at_the_cursor_is_refused_unless_it_was_pruned(key):
    first, gone, _ = sorted(called(key, times=3, ago=timedelta(days=7 * 366)), key=lambda record: record.pk)
    place = Place(gone.pk, gone.occurred_at)
    RequestRecord.objects.filter(pk=gone.pk).delete()
    assert f"calls no longer has the row {gone.pk} that was exported last" in CALLS.fault(place).message
    first.delete()
    assert CALLS.fault(place) is None


def test_a_record_whose_writers_do_not_end_is_not_read(key, monkeypatch):
    monkeypatch.setattr(writers, "ended", lambda table, patience: (table, patience) != ("partners_changeevent", 30))
    assert CALLS.last(START) == START
    with pytest.raises(ValidationError, match="writes changes doesn't end"):
        CHANGES.last(START)
