"""A total equals a count of the encounters after any change, and is read from few rows at any size."""

from datetime import timedelta

import pytest
from django.db import connection

from encounters.models import EncounterCount
from encounters.totals import sums
from partners.statements import Statement
from tests import planning
from tests.encounters.support.changing import ODD, Changes
from tests.encounters.support.counted import execute, kept, store, true, wrong
from tests.factories import START

pytestmark = pytest.mark.django_db
MICROSECOND, MONTH = timedelta(microseconds=1), timedelta(days=31)
BOUNDS = ((), ("start",), ("end",), ("start", "end"))


@pytest.mark.parametrize("seed", range(12))
def test_a_total_is_exact_after_any_change(seed):
    changes, done = Changes(seed), []
    for _ in range(30):
        done.append(changes.step())
        assert changes.differences() == [], done
    assert wrong() == []


@pytest.mark.parametrize("edge", ODD[1:-1])
def test_an_edge_belongs_to_the_bucket_that_it_starts(organization, edge):
    for instant in (edge - MICROSECOND, edge, edge + MICROSECOND):
        store(organization, created_at=instant)
    assert (kept(organization, edge), kept(organization, None, edge)) == (2, 1)
    assert kept(organization, edge, edge + MICROSECOND) == 1


@pytest.mark.parametrize("edge", [ODD[0], ODD[-1]])
def test_the_first_and_the_last_instant_of_all_are_edges_too(organization, edge):
    store(organization, 3, edge), store(organization)
    assert kept(organization, edge) == true(organization, edge)
    assert kept(organization, None, edge) == true(organization, None, edge)


def test_only_the_organizations_own_served_encounters_are_counted(organization):
    store(organization, 2), store(organization, 3, record_class="demo"), store(organization, 4, withdrawn_at=START)
    assert kept(organization) == kept(organization, START, START + MONTH) == 2


@pytest.mark.parametrize("bounds", BOUNDS)
def test_of_the_encounters_only_those_near_an_edge_are_read_by_an_index(organization, bounds):
    for day in range(20):
        store(organization, 50, START + timedelta(days=day)), store(organization, 50, record_class="demo")
    planning.gather_statistics("encounters_encounter")
    plan = explained(organization, bounds)
    assert plan.replace(" ", "").count("created_at>") == len(bounds)
    assert not [sign for sign in ("Seq Scan", "SCAN encounters", "Filter") if sign in plan]


def explained(organization, bounds):
    """Return the plan of a total, with index scans preferred."""
    postgresql = connection.vendor == "postgresql"
    if postgresql:
        execute("SET LOCAL enable_seqscan = off")
    window = [START if bound in bounds else None for bound in ("start", "end")]
    explain = "EXPLAIN" if postgresql else "EXPLAIN QUERY PLAN"
    return str(Statement(f"{explain} SELECT {sums.sql(bounds)}").rows(*sums.parameters(organization.pk, *window)))


def test_a_count_is_named_by_its_bucket():
    assert str(EncounterCount(grain="day", starts_at=START)) == "day of 2026-05-25T14:00:00+00:00"
