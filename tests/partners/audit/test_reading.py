"""Rows are read in the order of their ids, in batches, once they are certain to stay."""

import pytest
from django.core.exceptions import ValidationError

from partners import writers
from partners.audit import reading
from partners.audit.reading import CALLS, CHANGES
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
    assert CALLS.last(0) == CALLS.last(pks[1]) == pks[1]


def test_an_empty_record_goes_on_where_it_was(db):
    assert not RequestRecord.objects.exists()
    assert CALLS.last(7) == 7


def test_a_record_that_ends_before_the_cursor_is_refused(key):
    (record,) = called(key)
    with pytest.raises(ValidationError, match=f"calls ends at {record.pk}, before {record.pk + 1}"):
        CALLS.last(record.pk + 1)


def test_a_record_whose_writers_do_not_end_is_not_read(key, monkeypatch):
    monkeypatch.setattr(writers, "ended", lambda table, patience: (table, patience) != ("partners_changeevent", 30))
    assert CALLS.last(0) == 0
    with pytest.raises(ValidationError, match="writes changes doesn't end"):
        CHANGES.last(0)
