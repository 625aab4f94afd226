"""Pages of a record: every row once and in order, both ways, and a search that breaks off and goes on."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import Q

from partners.models import RequestRecord
from partners.record import pages
from partners.record.pages import NEWER, OLDER, Search, from_address, page, to_address
from tests import planning
from tests.factories import START, OrganizationFactory, RequestRecordFactory, issue
from tests.moments import NONE, TICK
from tests.partners.support import aged
from tests.partners.support.counting import NOW

pytestmark = pytest.mark.django_db
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(pages, "PER_PAGE", 3)
    monkeypatch.setattr(pages, "LOOKED_AT", 5)


def calls(key, *moments: int, **values) -> list[int]:
    """Record calls so many microseconds after the start; return their primary keys."""
    return [RequestRecordFactory(api_key=key, occurred_at=START + at * MICROSECOND, **values).pk for at in moments]


def pks(found) -> list[int]:
    return [row.pk for row in found.rows]


def every(search) -> list[list[int]]:
    """Return the pages from the newest to the oldest, each being what one comes back to from the next."""
    found, seen = page(search), []
    while True:
        seen.append(pks(found))
        if found.older is None:
            assert [pks(each) for each in pages.all_pages(search)] == seen
            return seen
        back = page(search, page(search, found.older).newer, NEWER)
        assert pks(back) == pks(found)
        found = page(search, found.older)


ALL = Search(RequestRecord.objects.all(), Q())


def test_every_call_is_on_one_page_the_newest_first(key):
    made = calls(key, *range(7))
    assert every(ALL) == [made[:-4:-1], made[3:0:-1], made[:1]]


def test_calls_of_one_moment_are_not_parted(key):
    first = calls(key, 0, 1, 1)
    last = calls(key, 2, 2)
    assert every(ALL) == [last[::-1], first[::-1]]


def test_a_moment_of_more_calls_than_a_page_ends_it(key):
    made = calls(key, 0, *[1] * 4)
    assert every(ALL) == [made[:0:-1], made[:1]]


def test_the_newest_page_has_no_newer_one_and_the_oldest_no_older(key):
    calls(key, 0, 1, 2)
    assert (page(ALL).older, page(ALL).newer, page(ALL).looked_to) == (None, None, None)
    assert page(Search(RequestRecord.objects.none(), Q())).rows == []


def test_a_time_has_its_beginning_and_not_its_end(key):
    made = calls(key, *range(4))
    window = Search(RequestRecord.objects.all(), Q(), START + MICROSECOND, START + 3 * MICROSECOND)
    assert every(window) == [[made[2], made[1]]]


# Where it breaks off --------------------------------------------------------------------------------------------------

RARE = Search(RequestRecord.objects.all(), Q(route="encounters.detail"))


def test_a_search_for_what_is_rare_breaks_off_and_goes_on(key):
    rare = calls(key, 0, route="encounters.detail")
    calls(key, *range(1, 8))
    first = page(RARE)
    assert (first.rows, first.looked_to) == ([], START + 2 * MICROSECOND)
    second = page(RARE, first.older)
    assert (pks(second), second.older, second.looked_to) == (rare, None, None)
    assert page(RARE, second.newer, NEWER).looked_to == START + 6 * MICROSECOND


def test_the_call_at_which_a_search_broke_off_is_shown_once(key):
    calls(key, 0, 1)
    rare = calls(key, 2, route="encounters.detail")
    calls(key, *range(3, 8))
    assert every(RARE) == [rare, []]


def test_a_full_page_does_not_say_that_it_broke_off(key):
    made = calls(key, *range(9), route="encounters.detail")
    found = page(RARE)
    assert (pks(found), found.looked_to) == (made[:-4:-1], None)
    assert [pk for each in every(RARE) for pk in each] == made[::-1]


def test_what_an_index_holds_takes_one_statement_and_is_never_broken_off(key, django_assert_num_queries):
    made = calls(key, 0)
    calls(issue(OrganizationFactory())[0], *range(1, 9))
    with django_assert_num_queries(1):
        assert pks(page(Search(RequestRecord.objects.filter(api_key=key), Q()))) == made


def test_a_page_takes_two_statements_however_many_calls_there_are(key, django_assert_num_queries):
    calls(key, *range(30))
    with django_assert_num_queries(2):
        found = page(Search(RARE.indexed, Q(reason_code="")), START + 20 * MICROSECOND)
        assert {(row.api_key.label, row.organization) for row in found.rows} == {(key.label, key.organization)}


# The index ------------------------------------------------------------------------------------------------------------

REFUSALS = RequestRecord.objects.exclude(reason_code="")
PLAIN_PLANS = ("SET LOCAL enable_seqscan = off", "SET LOCAL enable_bitmapscan = off")


def many_calls() -> None:
    """Record calls of 100 organizations with 200 keys, one in 21 refused."""
    calls = (
        RequestRecordFactory.build(
            api_key=None,
            api_key_id=at % 200 + 1,
            organization=None,
            organization_id=at % 100 + 1,
            occurred_at=START + at * MICROSECOND,
            reason_code="" if at % 21 else "invalid_limit",
        )
        for at in range(4_000)
    )
    RequestRecord.objects.bulk_create(calls, batch_size=1_000)


@pytest.mark.parametrize(
    ("indexed", "then", "index"),
    [
        (RequestRecord.objects.all(), "", "request_record_time"),
        (RequestRecord.objects.filter(organization=1), "", "request_record_of_organization"),
        (RequestRecord.objects.filter(api_key=1), "", "request_record_of_key"),
        (REFUSALS, "", "request_record_refusal"),
        (REFUSALS.filter(organization=1), "reason_code", "request_record_refusal_of_org"),
        (REFUSALS.filter(api_key=1), "reason_code", "request_record_refusal"),
    ],
)
@pytest.mark.parametrize("way", [OLDER, NEWER])
def test_an_index_gives_the_rows_in_the_order_of_time(indexed, then, index, way):
    rows = Search(indexed, Q(), START, then=then).candidates(way)
    if connection.vendor == "postgresql":  # which takes any way through a table of which it knows nothing
        many_calls()
        planning.gather_statistics("partners_requestrecord")
        for statement in PLAIN_PLANS:
            connection.cursor().execute(statement)
    plan = rows.explain()
    assert index in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort  (" not in plan


# Addresses ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", [START, START + MICROSECOND, datetime(2100, 1, 1, tzinfo=UTC)])
def test_a_moment_in_an_address_is_exact(moment):
    assert from_address(to_address(moment)) == moment


@pytest.mark.parametrize("text", ["", "now", "-1", "1.5", "٥", "1" * 18, "1 "])
def test_what_is_no_moment_in_an_address_is_none(text):
    assert from_address(text) is None


def test_the_last_moment_that_an_address_can_hold_is_one():
    assert from_address("9" * 17).year == 5138


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("edge", "inside"), [("start", [NONE, TICK]), ("end", [-TICK])])
def test_a_search_holds_its_start_and_not_its_end(key, edge, inside):
    rows = {tick: aged.request(key, NOW + tick) for tick in (-TICK, NONE, TICK)}
    search = Search(RequestRecord.objects.all(), None, **{edge: NOW})
    assert [*search.candidates(NEWER)] == [rows[tick] for tick in inside]


@pytest.mark.usefixtures("clock")
def test_a_moment_in_an_address_has_17_digits_at_most():
    assert pages.from_address("9" * 17) is not None
    assert pages.from_address("9" * 18) is None
