"""What a call leaves beside its row: the last use of a key and of a route, and the networks that it calls from."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from partners.decision import facts
from partners.models import ApiKey, ApiKeySwitch, KeyNetwork, KeyUse, RequestRecord
from tests.api import KEY, LIST, Api
from tests.factories import CHANGE, EncounterFactory, issue
from tests.partners.support.counting import MINUTE, NOW

pytestmark = pytest.mark.django_db
REFUSED = [{"query": "limit=0"}, {"method": "POST"}, {"path": f"{LIST}/enc_{'0' * 22}"}]


def last_used(key):
    return ApiKey.objects.get(pk=key.pk).last_used_at


def uses(key):
    return {use.route: (use.first_used_at, use.last_used_at) for use in key.uses.all()}


def test_the_last_use_is_kept_to_the_minute(owned, clock):
    key, api = owned
    api.get()
    assert (last_used(key), uses(key)) == (MINUTE, {"encounters.list": (MINUTE, MINUTE)})


@pytest.mark.parametrize(("seconds", "minutes"), [(29, 0), (30, 1), (3600, 60)])
def test_it_moves_with_the_minute(owned, clock, seconds, minutes):
    key, api = owned
    api.get()
    clock(NOW + timedelta(seconds=seconds))
    api.get()
    assert last_used(key) == MINUTE + timedelta(minutes=minutes)
    assert uses(key) == {"encounters.list": (MINUTE, MINUTE + timedelta(minutes=minutes))}


def test_it_never_moves_back(owned, clock, monkeypatch):
    key, api = owned
    api.get()
    clock(NOW - timedelta(hours=1))
    of_key = facts._of_key  # as read before the other call was on record
    monkeypatch.setattr(facts, "_of_key", lambda row: of_key(row) | {"use_noted": False})
    assert api.get().status_code == 200
    assert (last_used(key), uses(key)) == (MINUTE, {"encounters.list": (MINUTE, MINUTE)})


def test_each_route_has_its_own(organization, owned, clock):
    key, api = owned
    api.get()
    clock(NOW + timedelta(minutes=5))
    api.get(f"{LIST}/{EncounterFactory(organization=organization).public_id}", method="HEAD")
    later = MINUTE + timedelta(minutes=5)
    assert uses(key) == {"encounters.list": (MINUTE, MINUTE), "encounters.detail": (later, later)}
    assert last_used(key) == later


def test_a_look_at_the_key_is_a_use_of_its_route_but_not_of_the_key(owned, clock):
    key, api = owned
    api.get(KEY)
    assert (last_used(key), uses(key)) == (None, {"key.read": (MINUTE, MINUTE)})
    api.get()
    clock(NOW + timedelta(minutes=5))
    later = MINUTE + timedelta(minutes=5)
    for _ in range(2):
        api.get(KEY)
    assert last_used(key) == MINUTE
    assert uses(key) == {"key.read": (MINUTE, later), "encounters.list": (MINUTE, MINUTE)}


@pytest.mark.parametrize("call", REFUSED)
def test_a_refusal_is_no_use(owned, clock, call):
    key, api = owned
    assert api.get(**call).status_code >= 400
    assert (last_used(key), uses(key)) == (None, {})
    api.get()
    clock(NOW + timedelta(minutes=5))
    api.get(**call)
    assert (last_used(key), uses(key)) == (MINUTE, {"encounters.list": (MINUTE, MINUTE)})


def test_a_refused_key_is_not_used(owned, clock):
    ApiKeySwitch.turn(False, CHANGE)
    assert owned[1].get().status_code == 401
    assert (last_used(owned[0]), uses(owned[0])) == (None, {})


def test_a_key_is_used_and_no_other(organization, owned):
    other = issue(organization)[0]
    owned[1].get()
    assert (last_used(other), uses(other), other.networks.count()) == (None, {}, 0)


# Networks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "network", "new"),
    [
        ("198.51.100.7", "198.51.100.250", "198.51.100.0/24", False),
        ("198.51.100.7", "::ffff:198.51.100.9", "198.51.100.0/24", False),
        ("198.51.100.7", "198.51.101.7", "198.51.100.0/24", True),
        ("2001:db8::1", "2001:db8:0:0:ffff::2", "2001:db8::/64", False),
        ("2001:db8::1", "2001:db8:0:1::1", "2001:db8::/64", True),
        ("", "nobody", "0.0.0.0/24", False),
    ],
)
def test_the_first_call_from_a_network_is_marked(owned, first, second, network, new):
    key, api = owned
    for address in (first, second, second):
        api.get(REMOTE_ADDR=address)
    assert marks() == [True, new, False]
    assert key.networks.order_by("id").first().network == network


def marks():
    return list(RequestRecord.objects.order_by("id").values_list("new_network", flat=True))


@pytest.mark.parametrize("call", REFUSED)
def test_a_refused_call_shows_its_network_too(owned, call):
    for _ in range(2):
        owned[1].get(**call)
    assert (marks(), KeyNetwork.objects.get().network) == ([True, False], "127.0.0.0/24")


def test_a_network_is_new_to_each_key(organization):
    for token in (issue(organization)[1], issue(organization)[1]):
        Api(token).get()
    assert marks() == [True, True]


def test_the_address_is_the_one_that_the_proxy_saw(owned, settings):
    settings.BEHIND_PROXY = True
    owned[1].get(HTTP_X_FORWARDED_FOR="10.0.0.1, 203.0.113.9")
    assert (RequestRecord.objects.get().address, KeyNetwork.objects.get().network) == ("203.0.113.9", "203.0.113.0/24")


# What it costs -------------------------------------------------------------------------------------------------------


def statements(call) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        call()
    return [query["sql"].split(maxsplit=3)[:3] for query in captured]


def written(words) -> list[str]:
    return [table for verb, *_, table in words if verb == "INSERT"]


def test_most_calls_write_one_row_and_nothing_else(owned, clock):
    api = owned[1]
    ledger, use, network = "partners_requestrecord", "partners_keyuse", "partners_keynetwork"
    assert written(statements(lambda: api.get(query="limit=0"))) == [network, ledger]
    assert written(statements(lambda: api.get(query="limit=0"))) == [ledger]
    assert written(statements(api.get)) == [use, ledger]
    assert written(statements(api.get)) == [ledger]
    clock(NOW + timedelta(minutes=1))
    assert written(statements(api.get)) == [use, ledger]


def test_the_row_alone_is_its_own_transaction(owned, clock):
    owned[1].get()
    assert not [words for words in statements(owned[1].get) if words[0] in ("SAVEPOINT", "BEGIN", "UPDATE")]


def test_use_is_what_the_row_of_a_route_is_for(owned):
    owned[1].get()
    assert str(KeyUse.objects.get()) == "encounters.list"
    assert str(KeyNetwork.objects.get()) == "127.0.0.0/24"
    assert str(RequestRecord.objects.get()) == RequestRecord.objects.get().request_id
