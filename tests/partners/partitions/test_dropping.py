"""A month goes whole once its last row is old enough, never earlier, and calls go on meanwhile."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, connections

from partners.models import ChangeEvent, RequestRecord
from partners.models.change import Action
from partners.partitions import dropping, making, patience, present
from partners.partitions.months import following, month_of
from partners.partitions.present import partitions
from partners.record.retention import Pruning
from tests.factories import CHANGE, OrganizationFactory, RequestRecordFactory, issue
from tests.partners.support import aged
from tests.partners.support.aged import DAY, cutoff
from tests.partners.support.months import add, divide, execute

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.postgresql,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one table"),
]


@pytest.fixture
def months() -> None:
    """The months before and after the cutoff, and the time from then on."""
    divide(cutoff() - 100 * DAY, cutoff() + 70 * DAY)


def prune() -> int:
    pruning = Pruning(6, 10)
    pruning.run(CHANGE)
    return pruning.numbers["requests"]


def begins() -> list:
    return [each.start for each in partitions(connection) if each.start is not None]


def the_month():
    """Return the month in which the cutoff is."""
    return month_of(cutoff())


@pytest.mark.usefixtures("months")
def test_whole_months_go_and_that_of_the_cutoff_stays_whole(key):
    gone = [aged.request(key, the_month() - days * DAY) for days in (1, 35, 35)]
    stay = [aged.request(key, moment) for moment in (the_month(), cutoff() + DAY)]
    pruning = Pruning(6, 10)
    pruning.count()
    assert pruning.numbers["requests"] == 3
    assert prune() == 3
    assert [*RequestRecord.objects.order_by("occurred_at")] == stay
    assert begins()[0] == the_month()
    assert not RequestRecord.objects.filter(pk__in=[row.pk for row in gone]).exists()
    begun, done = ChangeEvent.objects.filter(action=Action.RECORDS_PRUNED).order_by("pk")
    facts = {"older_than": cutoff().isoformat(), "years": 6}
    assert begun.after == facts | {"begun": True}
    assert done.after == facts | {"requests": 3, "changes": 0, "unkeyed_counts": 0}
    assert prune() == 0


@pytest.mark.usefixtures("months")
def test_months_without_rows_go_without_a_record_of_it():
    assert prune() == 0
    assert begins()[0] == the_month()
    assert not ChangeEvent.objects.filter(action=Action.RECORDS_PRUNED).exists()


def test_old_rows_of_the_first_partition_and_of_the_net_go_in_batches(key):
    for days in (1, 2, 40):
        aged.request(key, cutoff() - days * DAY)
    assert prune() == 3
    divide(cutoff() + 40 * DAY, cutoff() + 80 * DAY)
    for days in (1, 2, 40):
        aged.request(key, cutoff() - days * DAY)
    assert present.holds_rows(connection)
    assert prune() == 3
    assert RequestRecord.objects.count() == 0


def test_the_first_partition_goes_too_once_all_of_it_is_old(key):
    execute(f"DROP TABLE {present.FIRST}")
    add(present.FIRST, None, the_month())
    aged.request(key, the_month() - DAY)
    assert prune() == 1
    assert present.FIRST not in [each.name for each in partitions(connection)]


@pytest.mark.usefixtures("months")
def test_a_row_that_is_too_young_keeps_its_month_whatever_its_bounds_are(key):
    young = aged.request(key, cutoff() + DAY)
    month = next(each for each in partitions(connection) if each.covers(young.occurred_at))
    for limit in (cutoff(), month.end):
        with pytest.raises(IntegrityError, match="a record is kept for six years"):
            dropping._counted(connection, month, limit)


@pytest.mark.usefixtures("months")
def test_a_month_that_another_process_dropped_meanwhile_is_passed_over(monkeypatch):
    stale = present.ends_before(connection, cutoff())
    execute(f"DROP TABLE {stale[0].name}")
    answers = iter([stale, *[stale[1:]] * len(stale)])
    monkeypatch.setattr(dropping, "ends_before", lambda *given: next(answers))
    assert [*dropping.drop(connection, cutoff(), lambda number: None)] == [0] * len(stale)


@pytest.mark.usefixtures("months")
def test_without_its_record_no_month_goes(key):
    aged.request(key, the_month() - DAY)
    with pytest.raises(ZeroDivisionError):
        [*dropping.drop(connection, cutoff(), lambda number: 1 / 0)]
    assert RequestRecord.objects.count() == 1


@pytest.mark.usefixtures("committed")
def test_two_runs_and_calls_at_once(race, monkeypatch):
    """Each row goes once, nobody minds the other, and no call waits for long or fails."""
    monkeypatch.setattr(patience, "PAUSE", 0.01)
    key, _ = issue(OrganizationFactory())
    divide(cutoff() - 200 * DAY, cutoff() + 40 * DAY)
    begin = the_month()
    for number in range(1, 7):
        aged.request(key, following(begin, -number))
    longest, ended = [0.0], []

    def call() -> int:
        made = 0
        while not ended:
            started = time.monotonic()
            RequestRecordFactory(api_key=key, occurred_at=present.now(connection))
            longest[0] = max(longest[0], time.monotonic() - started)
            made += 1
        connections.close_all()
        return made

    with ThreadPoolExecutor(1) as pool:
        calls = pool.submit(call)
        deleted = race(prune, prune)
        ended.append(True)
        made = calls.result()
    assert sum(deleted) == 6
    assert RequestRecord.objects.count() == made > 0
    assert longest[0] < 5
    rebuild()


def rebuild() -> None:
    """Give the database the partitions again that it had, for the tests that follow."""
    for each in partitions(connection)[:-1]:
        execute(f"DROP TABLE {each.name}")
    add(present.FIRST, None, following(month_of(present.now(connection) + making.EARLY)))
    making.ahead(connection)
