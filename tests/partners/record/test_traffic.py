"""What was called lately with a key and with all of an organization's."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from partners.record import refused as refusals
from partners.record import traffic
from partners.usage import chart, counting
from partners.usage.hours import Kind
from tests.factories import OrganizationFactory, issue
from tests.partners.support.calls import called, met

pytestmark = pytest.mark.django_db
DAYS_6, DAYS_8 = timedelta(days=6), timedelta(days=8)


def of(name, key):
    """Return the traffic of the key, or of the organization that has no other."""
    return traffic.of_key(key) if name == "key" else traffic.of_organization(key.organization)


both = pytest.mark.parametrize("name", ["key", "organization"])


@both
def test_calls_of_others_are_not_among_them(name, key):
    called(issue(OrganizationFactory())[0], "invalid_limit")
    assert (of(name, key).refused, of(name, key).groups) == (None, [])


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
    called(key, times=4), called(key, "missing_scope", times=5, ago=DAYS_6)
    assert statements() == none == 3


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL scans what is small")
@pytest.mark.parametrize(
    "read",
    [
        traffic.of_key,
        chart.of_key,
        lambda key: chart.of_organization(key.organization),
        lambda key: chart.of_each(Kind.KEY, [key.pk]),
        lambda key: traffic.of_organization(key.organization),
        lambda key: refusals.refused_keys(),
        lambda key: refusals.unkeyed(),
    ],
)
def test_no_statement_walks_through_the_ledger(key, read):
    called(key, "invalid_limit")
    counting.count()
    with CaptureQueriesContext(connection) as captured:
        read(key)
    plans = [line for sql in captured for line in plan(sql["sql"])]
    assert [line for line in plans if line.startswith("SCAN partners_")] == []
    assert any("SEARCH partners_" in line for line in plans)


@both
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL knows that there are few refusals")
def test_the_last_refusal_is_not_looked_for_among_the_calls_served(name, key):
    with CaptureQueriesContext(connection) as captured:
        of(name, key)
    [sql] = [each["sql"] for each in captured if "reason_code\" = ''" in each["sql"]]
    assert "request_record_refusal" in str(plan(sql))


def plan(sql: str) -> list[str]:
    """Return SQLite's plan; without the statistics of ANALYZE it is the same for ten rows and for ten million."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return [row[3] for row in cursor.fetchall()]
