"""Which partitions there are, and what somebody has to look at."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from django.db import connection

from partners.partitions import making, months, present
from partners.partitions.present import partitions
from tests.factories import RequestRecordFactory
from tests.partners.support.months import divide, execute

POSTGRESQL = connection.vendor == "postgresql"
only_postgresql = [pytest.mark.django_db, pytest.mark.postgresql, pytest.mark.skipif(not POSTGRESQL, reason="of it")]


def on_postgresql(test):
    for mark in only_postgresql:
        test = mark(test)
    return test


@pytest.mark.parametrize(
    ("month", "number", "expected"),
    [((2026, 11), 1, (2026, 12)), ((2026, 12), 1, (2027, 1)), ((2026, 1), -1, (2025, 12)), ((2026, 5), 30, (2028, 11))],
)
def test_months_follow_one_another(month, number, expected):
    assert months.following(datetime(*month, 1, tzinfo=UTC), number) == datetime(*expected, 1, tzinfo=UTC)


def test_a_month_begins_in_utc():
    moment = datetime(2027, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))
    assert months.month_of(moment) == datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.django_db
@pytest.mark.skipif(POSTGRESQL, reason="of SQLite")
def test_sqlite_has_one_table():
    assert (partitions(connection), present.lacking(connection), present.faults(connection)) == ([], [], [])
    assert making.ahead(connection) == []


@on_postgresql
def test_a_new_database_has_the_past_and_the_months_ahead_and_a_net():
    first, *ahead, net = partitions(connection)
    assert (first.name, first.start, net.name, net.end) == (present.FIRST, None, present.NET, None)
    assert all(one.end == other.start for one, other in pairwise([first, *ahead]))
    assert [each.name for each in ahead] == [f"{each.start:{making.MONTH}}" for each in ahead]
    assert present.lacking(connection, making.AHEAD) == []
    assert present.faults(connection) == []


@on_postgresql
def test_a_month_that_is_not_made_is_named():
    *_, last, _ = partitions(connection)
    month = present.lacking(connection, making.AHEAD + 1)
    assert month == [last.end]
    this = months.month_of(present.now(connection))
    divide(this, this)
    for ahead in partitions(connection)[1:-1]:
        execute(f"DROP TABLE {ahead.name}")
    ahead = [months.following(this, number) for number in range(present.NEEDED + 1)]
    expected = [month for month in ahead if month >= partitions(connection)[-2].end]
    assert present.faults(connection) == [f"no partition for {month:%Y-%m}" for month in expected]
    assert expected


@on_postgresql
@pytest.mark.parametrize("days", [-400, 400])
def test_rows_in_the_net_are_named_whether_they_are_old_or_young(key, days):
    now = present.now(connection)
    divide(now, now)
    assert present.faults(connection) == []
    RequestRecordFactory(api_key=key, occurred_at=now + timedelta(days=days))
    assert present.faults(connection) == ["the net holds rows"]


@on_postgresql
def test_rows_in_a_gap_between_two_months_are_in_the_net(key):
    now = present.now(connection)
    divide(now, now)
    *_, middle, _, _ = partitions(connection)
    RequestRecordFactory(api_key=key, occurred_at=now)
    execute(f"DROP TABLE {middle.name}")
    assert not present.holds_rows(connection)
    RequestRecordFactory(api_key=key, occurred_at=middle.start)
    assert present.holds_rows(connection)


@on_postgresql
def test_without_any_partition_with_bounds_nothing_is_asked():
    for each in partitions(connection)[:-1]:
        execute(f"DROP TABLE {each.name}")
    assert not present.holds_rows(connection)


@on_postgresql
def test_a_month_in_which_the_cutoff_is_stays_whole():
    now = present.now(connection)
    divide(now - timedelta(days=70), now)
    *_, before, this = [each for each in partitions(connection) if each.covers(now) or (each.end or now) < now]
    assert present.whole_months_before(connection, now) == this.start
    assert before in present.ends_before(connection, now)
    assert this not in present.ends_before(connection, now)
    assert present.whole_months_before(connection, now - timedelta(days=4000)) == now - timedelta(days=4000)
