"""A microsecond before, at and after each moment, and one below, at and above each number, that decides about
a record."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection

from partners.accounting import disclosures
from partners.accounting.periods import LONGEST, Period
from partners.catalogue.reasons import Reason
from partners.finding.found import COUNTED, Found
from partners.formats.moments import years_before
from partners.management.commands import prune_records, report_keys
from partners.models import RequestRecord, UnkeyedCount, triggers
from partners.record import pages, traffic, unkeyed
from partners.record import refused as refusals
from partners.record.pages import Search
from partners.record.retention import Pruning
from partners.record.unkeyed import Tally
from partners.templatetags.requests import milliseconds
from partners.templatetags.staff import distance
from tests.factories import CHANGE, RequestRecordFactory
from tests.partners.support.counting import NOW, count

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
TICK, NONE, DAY = timedelta(microseconds=1), timedelta(0), timedelta(days=1)
AROUND = pytest.mark.parametrize("tick", [-TICK, NONE, TICK], ids=["before", "at", "after"])


def recorded(key, moment, **values) -> RequestRecord:
    return RequestRecordFactory(api_key=key, occurred_at=moment, **values)


@pytest.mark.parametrize(
    ("start", "end", "fault"),
    [
        (NOW - TICK, NOW, None),
        (NOW, NOW, "empty_period"),
        (NOW, NOW + TICK, "empty_period"),
        (years_before(NOW, LONGEST), NOW, None),
        (years_before(NOW, LONGEST) - TICK, NOW, "period_too_long"),
    ],
)
def test_a_period_begins_before_its_end_and_has_six_years_at_most(start, end, fault):
    if fault is None:
        assert Period.of(start, end) == Period(start, end)
        return
    with pytest.raises(ValidationError) as refused:
        Period.of(start, end)
    assert refused.value.code == fault


@pytest.mark.parametrize(("edge", "inside"), [("start", [NONE, TICK]), ("end", [-TICK])])
def test_an_accounting_holds_its_start_and_not_its_end(key, edge, inside):
    period = Period(NOW - DAY, NOW)
    rows = {tick: recorded(key, getattr(period, edge) + tick, patients=[7]) for tick in (-TICK, NONE, TICK)}
    found = disclosures._records(7, key.organization, period)
    assert [*found] == [rows[tick] for tick in inside]


@AROUND
def test_a_purpose_holds_from_its_exact_moment(key, tick):
    recorded(key, NOW + tick, patients=[7])
    purposes = SimpleNamespace(moments=[NOW], texts=["before", "after"])
    (total,) = disclosures._totals(RequestRecord.objects.all(), purposes)
    assert total.purpose == ("before" if tick < NONE else "after")


@AROUND
def test_a_call_as_old_as_the_span_is_not_counted_in_it(key, tick):
    recorded(key, NOW - traffic.DAY + tick)
    recorded(key, NOW - traffic.WEEK + tick)
    day, week = traffic._counts(RequestRecord.objects.all(), NOW).spans
    assert (day.total, week.total) == ((1, 2) if tick > NONE else (0, 1))


@pytest.mark.parametrize(("calls", "cut"), [(2, False), (3, False), (4, True)])
def test_calls_are_cut_only_where_there_are_more_than_are_counted(key, monkeypatch, calls, cut):
    monkeypatch.setattr(traffic, "COUNTED", 3)
    for number in range(calls):
        recorded(key, NOW - timedelta(minutes=number))
    assert traffic._counts(RequestRecord.objects.all(), NOW).spans[0].cut is cut


@pytest.mark.parametrize(("total", "shown"), [(99, "99"), (100, "100"), (101, "100+")])
def test_a_number_is_exact_as_far_as_it_is_counted(total, shown):
    assert COUNTED == 100
    assert Found([], total).count == shown


@pytest.mark.parametrize(("rows", "total", "more"), [(0, 0, False), (3, 3, False), (3, 4, True)])
def test_more_is_said_only_where_there_is_more(rows, total, more):
    found = Found([None] * rows, total)
    assert (found.more, bool(found)) == (more, total > 0)


@AROUND
def test_a_refusal_a_day_old_is_still_told_and_a_count_a_day_old_is_not(key, tick):
    recorded(key, NOW - DAY + tick, status=401, reason_code="expired_key")
    assert bool(refusals.refused_keys()) == (tick >= NONE)
    UnkeyedCount.objects.create(minute=NOW - DAY + tick, reason_code="invalid_key", count=1, source="x")
    assert bool(refusals.unkeyed()) == (tick > NONE)


def test_as_many_sources_are_told_as_are_promised(db):
    for number in range(refusals.SOURCES + 1):
        UnkeyedCount.objects.create(minute=NOW, reason_code="invalid_key", count=9 - number, source=f"s{number}")
    (told,) = refusals.unkeyed()
    assert [source.address for source in told.sources] == ["s0", "s1", "s2"]


def test_refusals_of_the_moment_from_which_on_they_are_counted_are_not(key, monkeypatch):
    monkeypatch.setattr(refusals, "COUNTED", 2)
    for minutes in range(4):
        recorded(key, NOW - timedelta(minutes=minutes), status=401, reason_code="expired_key")
    told = refusals.refused_keys()
    assert (told.since, told.found.rows[0].shown) == (NOW - timedelta(minutes=2), "2")


@pytest.mark.parametrize(("edge", "inside"), [("start", [NONE, TICK]), ("end", [-TICK])])
def test_a_search_holds_its_start_and_not_its_end(key, edge, inside):
    rows = {tick: recorded(key, NOW + tick) for tick in (-TICK, NONE, TICK)}
    search = Search(RequestRecord.objects.order_by("occurred_at"), None, **{edge: NOW})
    assert [*search.candidates()] == [rows[tick] for tick in inside]


def test_a_moment_in_an_address_has_17_digits_at_most():
    assert pages.from_address("9" * 17) is not None
    assert pages.from_address("9" * 18) is None


@pytest.mark.parametrize(
    ("given", "fault"),
    [({"start": "2026-05-25T12:00", "end": "2026-05-25T12:00"}, True), ({"start": "2026-05-25T11:59"}, False)],
)
def test_a_time_of_ones_own_has_some_length(support, given, fault):
    times = {"end": "2026-05-25T12:00"} | given
    page = support.get("/admin/partners/requestrecord/", {"time": "own"} | times)
    assert ("The end must be after the start." in page.text) == fault


def test_kinds_are_told_apart_up_to_the_number_that_is_held(monkeypatch):
    monkeypatch.setattr(unkeyed, "HELD", 2)
    tally = Tally()
    for number in range(4):
        count(tally, Reason.MISSING_BEARER, source=f"198.51.100.{number}")
    assert sorted(kind.source for kind in tally._counts) == ["", "198.51.100.0", "198.51.100.1"]


@AROUND
def test_a_record_of_the_exact_cutoff_is_kept(key, tick):
    triggers.remove(connection)  # they go by the clock of the database
    pruning = Pruning(6, 10)
    recorded(key, pruning.cutoff + tick)
    pruning.run(CHANGE)
    assert RequestRecord.objects.exists() == (tick >= NONE)


@pytest.mark.parametrize(
    ("batch", "taken"), [(0, False), (1, True), (prune_records.LARGEST, True), (prune_records.LARGEST + 1, False)]
)
def test_the_size_of_a_batch(db, batch, taken):
    if taken:
        call_command("prune_records", "--dry-run", "--batch", str(batch))
        return
    with pytest.raises(CommandError, match="batch"):
        call_command("prune_records", "--dry-run", "--batch", str(batch))


def test_the_most_days_that_a_review_takes():
    assert report_keys._days(str(report_keys.MOST_DAYS)) == report_keys.MOST_DAYS
    with pytest.raises(Exception, match="enter a number of days"):
        report_keys._days(str(report_keys.MOST_DAYS + 1))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-60, "1 minute ago"),
        (-59, "just now"),
        (0, "just now"),
        (1, "in under a minute"),
        (60, "in 1 minute"),
        (7_199, "in 120 minutes"),
        (7_200, "in 2 hours"),
        (172_799, "in 48 hours"),
        (172_800, "in 2 days"),
    ],
)
def test_a_distance_changes_its_unit_at_the_exact_second(seconds, words):
    assert distance(NOW + timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(("microseconds", "shown"), [(9_949, "9.9"), (9_999, "10.0"), (10_000, "10")])
def test_a_decimal_is_shown_below_ten_milliseconds(microseconds, shown):
    assert milliseconds(microseconds) == shown
