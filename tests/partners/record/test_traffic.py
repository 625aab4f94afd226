"""What was called lately with a key and with all of an organization's."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from partners.models import RequestRecord
from partners.record import refused as refusals
from partners.record import traffic
from tests.factories import OrganizationFactory, issue
from tests.moments import AROUND, NONE
from tests.partners.support import aged
from tests.partners.support.calls import called, met
from tests.partners.support.counting import NOW

pytestmark = pytest.mark.django_db
HOURS_25, DAYS_6, DAYS_8 = timedelta(hours=25), timedelta(days=6), timedelta(days=8)


def of(name, key):
    """Return the traffic of the key, or of the organization that has no other."""
    return traffic.of_key(key) if name == "key" else traffic.of_organization(key.organization)


both = pytest.mark.parametrize("name", ["key", "organization"])


def numbers(found) -> dict[str, list[int]]:
    return {code: [cell.number for cell in cells] for code, cells in found.counts.table}


def a_bit_of_everything(key) -> None:
    called(key, times=4)
    called(key, "invalid_limit", times=2, ago=timedelta(minutes=3))
    called(key, times=3, ago=HOURS_25)
    called(key, "missing_scope", times=5, ago=DAYS_6)
    called(key, "missing_scope", times=9, ago=DAYS_8)


@both
def test_answers_are_counted_by_code_for_a_day_and_a_week(name, key):
    a_bit_of_everything(key)
    found = of(name, key)
    assert numbers(found) == {"": [4, 7], "missing_scope": [0, 5], "invalid_limit": [2, 2]}
    assert list(numbers(found)) == ["", "missing_scope", "invalid_limit"]
    assert [span.name for span in found.counts.spans] == ["24 hours", "7 days"]


@both
def test_calls_of_others_are_not_counted(name, key):
    called(issue(OrganizationFactory())[0], "invalid_limit")
    assert numbers(of(name, key)) == {"": [0, 0]}
    assert (of(name, key).refused, of(name, key).groups) == (None, [])


def test_an_organizations_calls_are_those_of_all_its_keys(key):
    called(key)
    called(issue(key.organization)[0], "invalid_limit")
    assert numbers(traffic.of_organization(key.organization)) == {"": [1, 1], "invalid_limit": [1, 1]}
    assert numbers(traffic.of_key(key)) == {"": [1, 1]}


@both
def test_counting_stops_and_says_since_when(name, key, monkeypatch):
    monkeypatch.setattr(traffic, "COUNTED", 6)
    a_bit_of_everything(key)
    found = of(name, key)
    assert numbers(found) == {"": [4, 4], "invalid_limit": [2, 2]}
    assert [span.cut for span in found.counts.spans] == [False, True]
    assert found.counts.spans[1].name.startswith("since ")


@both
def test_where_a_day_is_too_long_one_span_is_left(name, key, monkeypatch):
    monkeypatch.setattr(traffic, "COUNTED", 5)
    a_bit_of_everything(key)
    found = of(name, key)
    assert numbers(found) == {"": [4], "invalid_limit": [1]}
    assert (len(found.counts.spans), found.counts.cut) == (1, True)


@pytest.mark.parametrize("counted", [14, 15])
def test_as_many_as_are_counted_are_not_too_many(key, monkeypatch, counted):
    monkeypatch.setattr(traffic, "COUNTED", counted)
    a_bit_of_everything(key)
    assert not traffic.of_key(key).counts.cut


def test_a_refusal_between_two_statements_takes_no_other_away(key):
    counts = traffic.Counts(
        [traffic.Span("24 hours", key.created_at, 1, cut=False)], [traffic.Line("invalid_limit", [2])]
    )
    assert [cell.number for _, cells in counts.table for cell in cells] == [0, 2]


@pytest.mark.parametrize(
    ("number", "largest", "share"), [(0, 0, 0), (0, 9, 0), (1, 100_000, 1), (50, 100, 50), (1, 3, 34), (100, 100, 100)]
)
def test_a_bar_is_as_long_as_its_share_and_never_lost(key, number, largest, share):
    span = traffic.Span("24 hours", key.created_at, largest, cut=False)
    assert traffic.Cell(span, number, largest).share == share


@both
def test_the_last_refusal_is_found_behind_any_success(name, key):
    refused = called(key, "missing_scope", ago=timedelta(days=400))[0]
    called(key, times=3)
    assert of(name, key).refused == refused


@both
def test_the_last_calls_group_what_was_refused_alike(name, key):
    called(key, "invalid_limit", times=37)
    served = called(key, times=20, ago=timedelta(hours=1))
    groups = of(name, key).groups
    assert [group.number for group in groups] == ["37"] + ["1"] * 9
    assert [group.newest for group in groups[1:]] == served[:9]


@both
def test_of_many_alike_as_many_are_read_as_are_told(name, key):
    called(key, "invalid_limit", times=traffic.READ + 1)
    assert [group.number for group in of(name, key).groups] == ["200+"]


@both
def test_networks_come_newest_first(name, key):
    old, new = met(key, "192.0.2.0/24", ago=DAYS_8), met(key, "198.51.100.0/24", ago=DAYS_6)
    met(issue(OrganizationFactory())[0], "203.0.113.0/24", ago=DAYS_6)
    found = of(name, key)
    assert found.networks.rows == [new, old]
    assert [each.first_seen_at > found.new_since for each in found.networks.rows] == [True, False]


@both
def test_the_number_of_statements_is_fixed(name, key):
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            of(name, key)
        return len(captured)

    none = statements()
    a_bit_of_everything(key)
    assert statements() == none == 5


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL scans what is small")
@pytest.mark.parametrize(
    "read",
    [
        traffic.of_key,
        lambda key: traffic.of_organization(key.organization),
        lambda key: refusals.refused_keys(),
        lambda key: refusals.unkeyed(),
    ],
)
def test_no_statement_walks_through_the_ledger(key, read):
    called(key, "invalid_limit")
    with CaptureQueriesContext(connection) as captured:
        read(key)
    plans = [line for sql in captured for line in plan(sql["sql"])]
    assert [line for line in plans if line.startswith("SCAN partners_")] == []
    assert any("SEARCH partners_" in line for line in plans)


def plan(sql: str) -> list[str]:
    """Return SQLite's plan; without the statistics of ANALYZE it is the same for ten rows and for ten million."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return [row[3] for row in cursor.fetchall()]


@pytest.mark.usefixtures("clock")
@AROUND
def test_a_call_as_old_as_the_span_is_not_counted_in_it(key, tick):
    aged.request(key, NOW - traffic.DAY + tick)
    aged.request(key, NOW - traffic.WEEK + tick)
    day, week = traffic._counts(RequestRecord.objects.all(), NOW).spans
    assert (day.total, week.total) == ((1, 2) if tick > NONE else (0, 1))


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("calls", "cut"), [(2, False), (3, False), (4, True)])
def test_calls_are_cut_only_where_there_are_more_than_are_counted(key, monkeypatch, calls, cut):
    monkeypatch.setattr(traffic, "COUNTED", 3)
    for number in range(calls):
        aged.request(key, NOW - timedelta(minutes=number))
    assert traffic._counts(RequestRecord.objects.all(), NOW).spans[0].cut is cut
