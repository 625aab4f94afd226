"""How many requests for access may come in a day."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from partners.models import OnboardingCount, OnboardingRequest
from partners.models.onboarding import TooMany, quota
from tests.partners.support.asking import NETWORK, asked
from tests.racing import rounds

NOON = datetime(2026, 5, 25, 12, tzinfo=UTC)
ROUNDS = rounds(postgresql=10, sqlite=10)


def fill(most: int, network: str = "192.0.2.{}") -> None:
    """Send as many requests as there may be, each from a network of its own unless told otherwise."""
    for number in range(most):
        asked(network.format(number))


def refused(network: str) -> int:
    with pytest.raises(TooMany) as refusal:
        asked(network)
    return refusal.value.seconds


@pytest.mark.django_db
def test_a_network_can_send_only_a_few_a_day(clock):
    clock(NOON)
    fill(quota.OF_NETWORK, NETWORK)
    assert refused(NETWORK) == 12 * 3600 + 1
    assert OnboardingRequest.objects.count() == quota.OF_NETWORK
    asked("192.0.2.0/24")


@pytest.mark.django_db
def test_there_are_only_so_many_a_day_in_all(clock, monkeypatch):
    clock(NOON)
    monkeypatch.setattr(quota, "OF_ALL", 3)
    fill(3)
    assert refused("203.0.113.0/24")
    assert OnboardingRequest.objects.count() == 3
    assert not OnboardingCount.objects.filter(source="203.0.113.0/24").exists()


@pytest.mark.django_db
def test_a_new_day_begins_with_nothing_and_keeps_no_network(clock):
    clock(NOON)
    fill(quota.OF_NETWORK, NETWORK)
    clock(NOON + timedelta(days=1))
    asked("192.0.2.0/24")
    assert {str(row) for row in OnboardingCount.objects.all()} == {"1 from 192.0.2.0/24", "1 from all"}
    fill(quota.OF_NETWORK, NETWORK)


@pytest.mark.django_db
def test_a_count_of_yesterday_that_a_slow_process_left_is_not_added_to(clock):
    """It computed the day before midnight, and wrote after others had deleted the counts of that day."""
    clock(NOON)
    OnboardingCount.objects.create(source=NETWORK, day=NOON.date() - timedelta(days=1), requests=quota.OF_NETWORK)
    fill(quota.OF_NETWORK, NETWORK)
    assert refused(NETWORK)


@pytest.mark.django_db
def test_a_slow_process_counts_for_the_day_that_others_have_reached(clock):
    clock(NOON + timedelta(days=1))
    fill(quota.OF_NETWORK - 1, NETWORK)
    clock(NOON)
    asked(NETWORK)
    assert refused(NETWORK)
    clock(NOON + timedelta(days=1))
    assert refused(NETWORK)


@pytest.mark.usefixtures("on_file")
def test_the_count_is_exact_when_two_arrive_at_once(race, monkeypatch):
    most = ROUNDS | 1  # odd, so that two race for the last one
    monkeypatch.setattr(quota, "OF_ALL", most)

    def send(network):
        try:
            return asked(network)
        except TooMany:
            return None

    results = [race(*(partial(send, f"pair {number}, {each}") for each in range(2))) for number in range(ROUNDS)]
    assert sum(isinstance(each, OnboardingRequest) for pair in results for each in pair) == most
    assert OnboardingRequest.objects.count() == most
