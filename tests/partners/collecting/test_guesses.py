"""The limit on links that don't exist."""

import pytest

from partners.collecting import guesses
from partners.collecting.guesses import LIMIT, SECONDS, Guesses


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    """The time, which a test sets."""
    now = [1000.0]
    monkeypatch.setattr(guesses.time, "monotonic", lambda: now[0])
    return now


def test_a_network_waits_after_too_many_failures_until_the_first_is_old(clock):
    found = Guesses()
    for _ in range(LIMIT - 1):
        found.count("198.51.100.0/24")
    assert found.wait("198.51.100.0/24") == 0
    clock[0] += 100
    found.count("198.51.100.0/24")
    assert found.wait("198.51.100.0/24") == SECONDS - 100
    assert found.wait("203.0.113.0/24") == 0
    clock[0] += SECONDS - 100
    assert found.wait("198.51.100.0/24") == 0


def test_the_oldest_network_is_forgotten_first(clock, monkeypatch):
    monkeypatch.setattr(guesses, "NETWORKS", 2)
    found = Guesses()
    for network in ("a", "b", "a", "c"):
        found.count(network)
    assert [*found._times] == ["a", "c"]
