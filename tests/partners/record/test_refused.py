"""What was refused in the last 24 hours, key by key and without any."""

from datetime import timedelta

import pytest

from partners.models import UnkeyedCount
from partners.record import refused as refusals
from tests.factories import OrganizationFactory, issue
from tests.moments import AROUND, DAY, NONE
from tests.partners.support import aged
from tests.partners.support.calls import called, unkeyed_calls
from tests.partners.support.counting import NOW

pytestmark = pytest.mark.django_db
HOURS_25 = timedelta(hours=25)


def found() -> list[tuple]:
    return [(each.key, each.reason_code, each.shown) for each in refusals.refused_keys().found.rows]


def told() -> dict[str, tuple]:
    return {each.reason_code: (each.shown, [source.address for source in each.sources]) for each in refusals.unkeyed()}


def test_nothing_was_refused(key):
    called(key, times=3)
    called(key, "invalid_limit", ago=HOURS_25)
    assert not refusals.refused_keys()


def test_each_key_and_code_stands_with_its_number_the_commonest_first(key):
    other = issue(OrganizationFactory())[0]
    called(key, "invalid_limit", times=2)
    called(other, "revoked_key", times=1200, every=timedelta(milliseconds=1))
    called(key, "missing_scope")
    assert found() == [(other, "revoked_key", "1,200"), (key, "invalid_limit", "2"), (key, "missing_scope", "1")]


def test_the_last_refusal_is_told_with_its_time(key):
    newest, *_ = called(key, "invalid_limit", times=3)
    assert refusals.refused_keys().found.rows[0].last_at == newest.occurred_at


def test_of_equally_many_the_later_comes_first(key):
    called(key, "invalid_limit", ago=timedelta(hours=2))
    called(key, "invalid_sort", ago=timedelta(hours=1))
    assert [code for _, code, _ in found()] == ["invalid_sort", "invalid_limit"]


@pytest.mark.parametrize(("counted", "shown", "cut"), [(3, "3", False), (2, "2", True)])
def test_counting_stops_and_says_since_when(key, monkeypatch, counted, shown, cut):
    monkeypatch.setattr(refusals, "COUNTED", counted)
    *_, oldest = called(key, "invalid_limit", times=3)
    refused = refusals.refused_keys()
    assert (refused.found.rows[0].shown, refused.since) == (shown, oldest.occurred_at if cut else None)


def test_more_keys_than_are_shown_are_counted(organization):
    for number in range(12):
        called(issue(organization, label=f"Number {number}")[0], "invalid_limit")
    refused = refusals.refused_keys().found
    assert (len(refused.rows), refused.count, refused.more) == (10, "12", True)


def test_calls_without_a_key_are_summed_by_code_the_commonest_first():
    unkeyed_calls("invalid_key", 3)
    unkeyed_calls("missing_bearer", 700, ago=timedelta(hours=2))
    unkeyed_calls("missing_bearer", 800)
    unkeyed_calls("invalid_key", 100_000, ago=HOURS_25)
    source = ["203.0.113.9"]
    assert list(told().items()) == [("missing_bearer", ("1,500", source)), ("invalid_key", ("3", source))]


def test_the_commonest_sources_are_told_and_never_that_which_is_none():
    for number in range(1, 6):
        unkeyed_calls("missing_bearer", number, f"203.0.113.{number}")
    unkeyed_calls("missing_bearer", 1_000, "")
    unkeyed_calls("malformed_token", 2, "")
    assert told() == {
        "missing_bearer": ("1,015", ["203.0.113.5", "203.0.113.4", "203.0.113.3"]),
        "malformed_token": ("2", []),
    }


def test_a_public_part_leads_to_the_key_that_has_it(key):
    unkeyed_calls("invalid_key", 2, public_part=key.public_part)
    unkeyed_calls("invalid_key", 1, public_part="000000000000")
    sources = refusals.unkeyed()[0].sources
    assert [(source.public_part, source.key, source.shown) for source in sources] == [
        (key.public_part, key, "2"),
        ("000000000000", None, "1"),
    ]


def test_no_calls_without_a_key_are_none():
    assert refusals.unkeyed() == []


@pytest.mark.usefixtures("clock")
@AROUND
def test_a_refusal_a_day_old_is_still_told_and_a_count_a_day_old_is_not(key, tick):
    aged.request(key, NOW - DAY + tick, status=401, reason_code="expired_key")
    assert bool(refusals.refused_keys()) == (tick >= NONE)
    UnkeyedCount.objects.create(minute=NOW - DAY + tick, reason_code="invalid_key", count=1, source="x")
    assert bool(refusals.unkeyed()) == (tick > NONE)


@pytest.mark.usefixtures("clock")
def test_as_many_sources_are_told_as_are_promised(db):
    for number in range(refusals.SOURCES + 1):
        UnkeyedCount.objects.create(minute=NOW, reason_code="invalid_key", count=9 - number, source=f"s{number}")
    (told,) = refusals.unkeyed()
    assert [source.address for source in told.sources] == ["s0", "s1", "s2"]


@pytest.mark.usefixtures("clock")
def test_refusals_of_the_moment_from_which_on_they_are_counted_are_not(key, monkeypatch):
    monkeypatch.setattr(refusals, "COUNTED", 2)
    for minutes in range(4):
        aged.request(key, NOW - timedelta(minutes=minutes), status=401, reason_code="expired_key")
    told = refusals.refused_keys()
    assert (told.since, told.found.rows[0].shown) == (NOW - timedelta(minutes=2), "2")
