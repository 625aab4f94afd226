"""What is pruned, what is kept, what is put on record of it; and that the database refuses more by itself."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from partners.models import ChangeEvent, RequestRecord, UnkeyedCount, triggers
from partners.models.change import Action, Change
from partners.record import retention
from partners.record.retention import Pruning
from partners.triggers import installing
from tests.factories import CHANGE
from tests.moments import AROUND, NONE
from tests.partners.support import aged
from tests.partners.support.aged import DAY, cutoff

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def prune(*, years: int = 6, batch: int = 1_000) -> dict[str, int]:
    pruning = Pruning(years, batch)
    pruning.run(CHANGE)
    return dict(pruning.numbers)


def events() -> list[ChangeEvent]:
    return list(ChangeEvent.objects.filter(action=Action.RECORDS_PRUNED).order_by("pk"))


def test_what_is_older_goes_and_what_is_younger_stays(key):
    old = cutoff() - SECOND
    aged.request(key, old), aged.change(old), aged.count(old - DAY)
    young = [aged.request(key, cutoff()), aged.change(cutoff()), aged.count(cutoff())]
    assert prune() == {"requests": 1, "changes": 1, "unkeyed_counts": 1}
    assert list(RequestRecord.objects.all()) == young[:1]
    assert young[1] in ChangeEvent.objects.all()
    assert not ChangeEvent.objects.filter(occurred_at__lt=cutoff()).exists()
    assert list(UnkeyedCount.objects.all()) == young[2:]


def test_with_more_years_more_is_kept(key):
    kept, _ = aged.request(key, cutoff(8)), aged.request(key, cutoff(8) - SECOND)
    assert prune(years=8)["requests"] == 1
    assert list(RequestRecord.objects.all()) == [kept]


def test_old_rows_behind_young_ones_go_too(key):
    for days in (1, -5, 3, -400, 2, -6, -7):
        aged.request(key, cutoff() + days * DAY)
    assert prune(batch=2)["requests"] == 4
    assert RequestRecord.objects.count() == 3


@pytest.mark.parametrize(("batch", "statements"), [(1, 5), (2, 3), (5, 1), (1_000, 1)])
def test_no_more_than_a_batch_is_deleted_at_once(key, batch, statements):
    for number in range(5):
        aged.request(key, cutoff() - (number + 1) * DAY)
    with CaptureQueriesContext(connection) as captured:
        assert prune(batch=batch)["requests"] == 5
    deletes = [query for query in captured if query["sql"].startswith('DELETE FROM "partners_requestrecord"')]
    assert len(deletes) == statements


def test_rows_of_one_moment_go_in_batches_too(key):
    for _ in range(5):
        aged.request(key, cutoff() - DAY)
    assert prune(batch=2)["requests"] == 5


def test_what_was_deleted_is_on_record(key):
    for number in range(3):
        aged.request(key, cutoff() - (number + 1) * DAY)
    aged.count(cutoff() - DAY)
    prune(batch=2)
    begun, done = events()
    facts = {"older_than": cutoff().isoformat(), "years": 6}
    assert begun.after == facts | {"begun": True}
    assert done.after == facts | {"requests": 3, "changes": 0, "unkeyed_counts": 1}
    assert (done.by, done.reason) == (CHANGE.by, CHANGE.reason)


def test_a_run_that_finds_nothing_leaves_no_record(key):
    aged.request(key, cutoff())
    assert prune() == {"requests": 0, "changes": 0, "unkeyed_counts": 0}
    assert events() == []


def test_without_its_record_nothing_is_deleted(key):
    aged.request(key, cutoff() - DAY)
    with pytest.raises(ValidationError):
        Pruning(6, 10).run(Change("", "tests"))
    assert RequestRecord.objects.count() == 1


def test_a_run_that_is_broken_off_says_how_far_it_came_and_is_resumed(key, monkeypatch):
    for number in range(4):
        aged.request(key, cutoff() - (number + 1) * DAY)
    delete, calls = QuerySet.delete, iter(range(9))
    monkeypatch.setattr(QuerySet, "delete", lambda rows: delete(rows) if next(calls) < 1 else 1 / 0)
    with pytest.raises(ZeroDivisionError):
        prune(batch=2)
    monkeypatch.undo()
    assert (events()[-1].after["requests"], RequestRecord.objects.count()) == (2, 2)
    assert prune(batch=2)["requests"] == 2
    assert RequestRecord.objects.count() == 0


def test_counting_deletes_nothing(key):
    aged.request(key, cutoff() - DAY), aged.change(cutoff() - DAY), aged.request(key, cutoff())
    pruning = Pruning(6, 1)
    pruning.count()
    assert pruning.numbers == {"requests": 1, "changes": 1, "unkeyed_counts": 0}
    assert (RequestRecord.objects.count(), events()) == (2, [])


@pytest.mark.parametrize(("stated", "years"), [(6, 5), (6, 0), (6, -1), (10, 9)])
def test_less_than_the_retention_is_refused(settings, stated, years):
    settings.RETENTION_YEARS = stated
    with pytest.raises(ValidationError, match=f"for {stated} years") as refusal:
        Pruning(years, 10)
    assert refusal.value.code == "too_young"


@pytest.mark.parametrize(("stated", "years"), [(6, 6), (10, 10), (3, 6)])
def test_the_retention_is_what_is_stated_and_no_less_than_the_law(settings, stated, years):
    settings.RETENTION_YEARS = stated
    assert retention.years() == years


def test_the_ledger_is_read_by_an_index_alone(key):
    records = Pruning(6, 1)._due(retention.RECORD_KINDS[0])[:1_000]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")  # of a nearly empty table, any plan costs the same
    plan = records.explain()
    assert "request_record_time" in plan
    assert "TEMP B-TREE" not in plan


# The database itself -------------------------------------------------------------------------------------------------
TABLES = ["partners_requestrecord", "partners_changeevent"]


def delete(table: str, row) -> int:
    """Delete a row by raw SQL, and return how many were deleted."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE id = %s", [row.pk])
        return cursor.rowcount


def row(table: str, key, occurred_at):
    return aged.request(key, occurred_at) if table == TABLES[0] else aged.change(occurred_at)


def six_years_ago():
    """Return the moment six years ago, by the clock; where that day is none, of the day before."""
    now = timezone.now()
    return now.replace(year=now.year - 6, day=28 if (now.month, now.day) == (2, 29) else now.day)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("age", [timedelta(0), -DAY, timedelta(days=365), timedelta(days=6 * 365)])
def test_the_database_refuses_to_delete_what_is_younger(table, age, key):
    young = row(table, key, timezone.now() - age)
    with pytest.raises(IntegrityError, match="a record is kept for six years"):
        delete(table, young)


@pytest.mark.parametrize("table", TABLES)
def test_the_door_of_the_database_opens_at_six_years(table, key):
    with pytest.raises(IntegrityError, match="a record is kept for six years"):
        delete(table, row(table, key, six_years_ago() + timedelta(minutes=5)))
    assert delete(table, row(table, key, six_years_ago() - SECOND)) == 1


@pytest.mark.parametrize("table", TABLES)
def test_one_young_row_keeps_those_that_are_deleted_with_it(table, key):
    rows = [row(table, key, moment) for moment in (cutoff() - DAY, timezone.now())]
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")
    assert type(rows[0]).objects.filter(pk__in=[each.pk for each in rows]).count() == 2


@pytest.mark.parametrize("table", TABLES)
def test_the_age_of_a_row_cannot_be_altered_to_open_the_door(table, key):
    young = row(table, key, timezone.now())
    with pytest.raises(IntegrityError, match="cannot be altered"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET occurred_at = %s WHERE id = %s", [cutoff() - DAY, young.pk])


def test_a_cutoff_that_is_too_young_is_refused_by_the_database(key):
    aged.request(key, cutoff() - DAY), aged.request(key, timezone.now() - DAY)
    pruning = Pruning(6, 1)
    pruning.cutoff = timezone.now()
    with pytest.raises(IntegrityError):
        pruning.run(CHANGE)
    assert (events()[-1].after["requests"], RequestRecord.objects.count()) == (1, 1)


@pytest.mark.usefixtures("clock")
@AROUND
def test_a_record_of_the_exact_cutoff_is_kept(key, tick):
    installing.remove(connection, triggers.SET)  # they go by the clock of the database
    pruning = Pruning(6, 10)
    aged.request(key, pruning.cutoff + tick)
    pruning.run(CHANGE)
    assert RequestRecord.objects.exists() == (tick >= NONE)
