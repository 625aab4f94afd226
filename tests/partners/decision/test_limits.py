"""The count of calls: exact at the turn of a minute and among calls at once, and once for a call that is repeated."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection

from partners.api.exchange import Exchange
from partners.catalogue.routes import Route
from partners.decision import limits
from partners.decision.policy import AccessRequest
from partners.models import LimitUse
from partners.statements import Statement
from tests.api import Api
from tests.factories import CHANGE, issue, limit
from tests.racing import rounds

pytestmark = pytest.mark.django_db
MINUTE = datetime(2026, 5, 25, 14, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch):
    """Return a function that sets the minute of the database's clock."""

    def set_minute(number):
        text = f"'2026-05-25 14:{number:02}:00'"
        minute = f"{text}::timestamptz" if connection.vendor == "postgresql" else text
        statement = Statement(limits._COUNT.format(minute=minute))
        monkeypatch.setattr(limits, "_count", lambda vendor: statement)

    set_minute(0)
    return set_minute


def call(key_limit, organization_limit=0):
    facts = {"key_id": "key_a", "organization_id": "org_b"}
    return AccessRequest(
        Route.ENCOUNTERS_LIST, True, key_limit=key_limit, organization_limit=organization_limit, **facts
    )


def use(subject):
    return LimitUse.objects.values_list("minute", "calls").get(subject=subject)


def test_as_many_calls_as_allowed_are_counted_in_each_minute(clock):
    assert [limits.count(call(2)) for _ in range(4)] == [True, True, False, False]
    clock(1)
    assert [limits.count(call(2)) for _ in range(3)] == [True, True, False]
    assert use("key_a") == (MINUTE + timedelta(minutes=1), 2)


def test_a_call_that_gets_its_turn_in_the_next_minute_counts_there(clock):
    clock(1)
    assert limits.count(call(2))
    clock(0)
    assert [limits.count(call(2)) for _ in range(2)] == [True, False]
    assert use("key_a") == (MINUTE + timedelta(minutes=1), 2)


def test_without_a_limit_nothing_is_counted(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert limits.count(call(0))


def test_a_call_that_one_limit_refuses_counts_for_none(clock):
    assert [limits.count(call(5, 1)) for _ in range(3)] == [True, False, False]
    assert (use("key_a")[1], use("org_b")[1]) == (1, 1)


def test_the_seconds_left_are_those_of_the_minute():
    assert 1 <= limits.seconds_left() <= 60


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("before", [None, 0, 1])
def test_of_two_calls_at_once_the_last_one_allowed_is_one(race, clock, before):
    for _ in range(rounds(postgresql=40, sqlite=10)):
        LimitUse.objects.all().delete()
        if before is not None:
            LimitUse.objects.create(subject="key_a", minute=MINUTE - timedelta(minutes=before), calls=3 * before)
        assert sorted(race(lambda: limits.count(call(1)), lambda: limits.count(call(1)))) == [False, True]


def test_a_call_that_finds_the_limit_reached_only_when_it_is_counted_is_refused(organization, monkeypatch):
    key, token = issue(organization)
    limit(key, 1)
    monkeypatch.setattr(limits, "count", lambda call: False)
    answer = Api(token).get()
    assert (answer.status_code, answer.json()["reason_code"]) == (429, "rate_limited")
    assert 1 <= int(answer["Retry-After"]) <= 60


def test_a_call_that_can_not_be_counted_is_not_served(organization, monkeypatch):
    key, token = issue(organization)
    key.set_limit(CHANGE, 1)

    def fail(call):
        raise OperationalError("words of the database")

    monkeypatch.setattr(limits, "count", fail)
    assert Api(token).refusal() == (503, "service_unavailable", None)


def test_a_call_that_is_answered_once_more_counts_once(organization, monkeypatch):
    key, token = issue(organization)
    limit(key, 1)
    begin = Exchange.begin.__func__

    def counted(cls, request):
        exchange = begin(cls, request)
        exchange.counted = True
        return exchange

    assert Api(token).get().status_code == 200
    monkeypatch.setattr(Exchange, "begin", classmethod(counted))
    assert Api(token).get().status_code == 200
    assert LimitUse.objects.get().calls == 1
