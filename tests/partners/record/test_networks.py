"""From where a key is used: what a watched call leaves, and what is told of networks."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from partners.models import AllowedNetwork, KeyNetwork, NetworkMode, RequestRecord
from partners.record import networks
from tests.api import KEY, LIST
from tests.factories import CHANGE
from tests.partners.support.calls import called, met
from tests.partners.support.counting import NOW

pytestmark = pytest.mark.django_db
HERE, ELSEWHERE = "203.0.113.9", "198.51.100.7"
DAY = NOW.replace(hour=0, minute=0, second=0, microsecond=0)


def allow(key, mode, *texts):
    key.set_networks(mode, AllowedNetwork.listed((text, "Office") for text in texts), CHANGE)


def marks() -> list[bool | None]:
    return list(RequestRecord.objects.order_by("id").values_list("outside_networks", flat=True))


def test_a_watched_call_from_elsewhere_is_served_and_marked(owned):
    key, api = owned
    allow(key, NetworkMode.WATCH, "203.0.113.0/24")
    answers = [api.get(REMOTE_ADDR=address).status_code for address in (HERE, ELSEWHERE)]
    assert (answers, marks()) == ([200, 200], [None, True])


@pytest.mark.parametrize("mode", [NetworkMode.OFF, NetworkMode.ENFORCE])
def test_no_call_is_marked_in_another_mode(owned, mode):
    key, api = owned
    allow(key, mode, "203.0.113.0/24")
    api.get(REMOTE_ADDR=ELSEWHERE)
    assert marks() == [None]


@pytest.mark.parametrize(
    ("call", "mark"),
    [
        ({"query": "limit=0"}, True),
        ({"method": "POST"}, True),
        ({"path": f"{LIST}/x"}, True),
        ({"path": KEY}, None),
        ({"path": f"{LIST}/"}, None),
    ],
)
def test_what_enforcement_would_not_refuse_is_not_marked(owned, call, mark):
    key, api = owned
    allow(key, NetworkMode.WATCH, "203.0.113.0/24")
    api.get(REMOTE_ADDR=ELSEWHERE, **call)
    assert marks() == [mark]


def test_a_call_that_a_check_before_it_refuses_is_not_marked(owned):
    key, api = owned
    allow(key, NetworkMode.WATCH, "203.0.113.0/24")
    key.disable(CHANGE)
    api.get(REMOTE_ADDR=ELSEWHERE)
    assert marks() == [None]


def test_a_watched_call_from_nowhere_is_marked(owned):
    key, api = owned
    allow(key, NetworkMode.WATCH, "0.0.0.0/8")
    api.get(REMOTE_ADDR="")
    assert marks() == [True]


def test_networks_cost_a_call_no_statement(owned, clock):
    key, api = owned
    api.get(REMOTE_ADDR=ELSEWHERE)

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            api.get(REMOTE_ADDR=ELSEWHERE)
        return len(captured)

    without = cost()
    allow(key, NetworkMode.WATCH, *(f"203.0.{number}.0/24" for number in range(50)))
    assert cost() == without


def test_the_calls_from_outside_are_counted_by_network(key):
    for address in (ELSEWHERE, "198.51.100.8", "192.0.2.1"):
        called(key, address=address, times=2, outside_networks=True)
    called(key, address=HERE, times=3)
    called(key, address="192.0.2.200", ago=timedelta(days=8), outside_networks=True)
    outside = networks.outside(key)
    assert (outside.calls, outside.number, outside.networks) == (6, "6", 2)


def test_only_so_many_are_counted(key, monkeypatch):
    monkeypatch.setattr(networks, "COUNTED", 3)
    called(key, times=4, outside_networks=True)
    assert networks.outside(key).number == "3+"


def test_a_network_is_noted_once_a_day_if_a_call_was_served(owned, clock):
    key, api = owned
    api.get(query="limit=0", REMOTE_ADDR=HERE)
    assert key.networks.get().last_served_at is None
    for moment, day in ((NOW, DAY), (NOW + timedelta(days=1), DAY + timedelta(days=1))):
        clock(moment)
        api.get(REMOTE_ADDR=HERE)
        assert key.networks.get().last_served_at == day
    clock(NOW)
    api.get(REMOTE_ADDR=HERE)
    assert key.networks.get().last_served_at == DAY + timedelta(days=1)
    assert key.networks.get().first_seen_at == NOW


def test_the_networks_in_use_are_those_from_which_calls_were_served(key):
    for network, served in (("203.0.113.0/24", NOW), ("198.51.100.0/24", None), ("192.0.2.0/24", NOW + timedelta(1))):
        met(key, network, ago=timedelta(days=9))
        KeyNetwork.objects.filter(network=network).update(last_served_at=served)
    assert list(map(str, networks.served_from(key))) == ["192.0.2.0/24", "203.0.113.0/24"]


@pytest.mark.parametrize(
    ("allowed", "listed"),
    [("203.0.113.0/24", True), ("203.0.0.0/16", True), ("203.0.113.0/25", False), ("::/1", False)],
)
def test_a_network_is_listed_if_all_of_it_is(key, allowed, listed):
    seen = met(key, "203.0.113.0/24", ago=timedelta(days=9))
    assert networks.is_listed(seen, AllowedNetwork.listed([(allowed, "Office")])) is listed
