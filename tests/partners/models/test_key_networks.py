"""The networks that a key may be used from: what a list takes, and how it is changed."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from partners.models import AllowedNetwork, NetworkMode
from partners.models.keys.allowed_network import MOST, written
from tests.factories import CHANGE

pytestmark = pytest.mark.django_db
OFFICE, CLOUD = ("203.0.113.0/24", "Main office"), ("2001:db8::/48", "Cloud")


def listed(*named):
    return AllowedNetwork.listed(named)


def errors(*named) -> list[str]:
    with pytest.raises(ValidationError) as refusal:
        listed(*named)
    return refusal.value.messages


def allow(key, mode, *named):
    return key.set_networks(mode, listed(*named), CHANGE)


def names(key) -> list[str]:
    return list(map(str, key.allowed_networks.all()))


def test_a_list_is_in_the_order_of_addresses():
    rows = listed(CLOUD, OFFICE, ("198.51.100.7", "  One   server "))
    assert list(map(str, rows)) == ["198.51.100.7/32 One server", "203.0.113.0/24 Main office", "2001:db8::/48 Cloud"]


def test_lines_are_a_network_and_a_name():
    lines = ["203.0.113.0/24 Main office", "", "  2001:db8::/48\tCloud ", "198.51.100.7"]
    assert written(lines) == [OFFICE, CLOUD, ("198.51.100.7", "")]


def test_every_wrong_entry_has_an_error():
    assert errors(("office", "x"), OFFICE, ("203.0.113.9/24", "y")) == [
        "“office” is not a network. Write it like 203.0.113.0/24 or 2001:db8::/48.",
        "203.0.113.9/24 begins at another address. Write 203.0.113.0/24, or 203.0.113.9 for one address.",
    ]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("", "203.0.113.0/24: Give this network a name, such as that of the office or the provider."),
        ("x" * 101, "203.0.113.0/24: Ensure this value has at most 100 characters (it has 101)."),
        (
            "Off\u200bice",
            "203.0.113.0/24: This contains an invisible character. Delete it, or type the whole name again.",
        ),
    ],
)
def test_a_network_has_a_readable_name(name, error):
    assert errors((OFFICE[0], name)) == [error]


@pytest.mark.parametrize(
    ("one", "other", "error"),
    [
        ("203.0.113.0/24", "203.0.113.0/24", "203.0.113.0/24 is listed twice."),
        ("203.0.113.9", "203.0.113.0/24", "203.0.113.0/24 holds 203.0.113.9/32. Remove one of them."),
        ("203.0.113.0/25", "203.0.113.0/24", "203.0.113.0/24 holds 203.0.113.0/25. Remove one of them."),
        ("2001:db8::/32", "2001:db8:ffff::/48", "2001:db8::/32 holds 2001:db8:ffff::/48. Remove one of them."),
        ("::ffff:203.0.113.9", "203.0.113.9", "203.0.113.9/32 is listed twice."),
    ],
)
def test_networks_that_overlap_are_refused(one, other, error):
    assert errors((one, "One"), (other, "Other")) == errors((other, "Other"), (one, "One")) == [error]


def test_networks_beside_each_other_are_two():
    assert len(listed(("203.0.113.0/25", "One"), ("203.0.113.128/25", "Other"))) == 2


def test_a_list_has_a_limit():
    many = [(f"203.0.{number}.0/24", "Office") for number in range(MOST + 1)]
    assert len(listed(*many[:MOST])) == MOST
    assert errors(*many) == ["A key can have 50 networks at most."]


def test_a_change_is_recorded_from_old_to_new(key):
    assert allow(key, NetworkMode.WATCH, OFFICE)
    assert allow(key, NetworkMode.ENFORCE, OFFICE, CLOUD)
    event = key.events.first()
    assert (event.get_action_display(), event.by, event.organization) == (
        "Networks changed",
        "tester",
        key.organization,
    )
    assert event.before == {"network_mode": "watch", "networks": ["203.0.113.0/24 Main office"]}
    assert event.after == {
        "network_mode": "enforce",
        "networks": ["203.0.113.0/24 Main office", "2001:db8::/48 Cloud"],
    }


def test_a_network_is_renamed_and_removed(key):
    allow(key, NetworkMode.WATCH, OFFICE, CLOUD)
    allow(key, NetworkMode.WATCH, (OFFICE[0], "Old office"))
    assert names(key) == ["203.0.113.0/24 Old office"]


def test_nothing_is_recorded_if_nothing_changes(key):
    allow(key, NetworkMode.WATCH, OFFICE)
    number = key.events.count()
    assert allow(key, NetworkMode.WATCH, OFFICE) is False
    assert key.events.count() == number


def test_a_list_is_kept_while_it_is_off(key):
    allow(key, NetworkMode.ENFORCE, OFFICE)
    allow(key, NetworkMode.OFF, OFFICE)
    key.refresh_from_db()
    assert (key.network_mode, names(key)) == ("off", ["203.0.113.0/24 Main office"])
    assert allow(key, NetworkMode.OFF)
    assert names(key) == []


@pytest.mark.parametrize("mode", [NetworkMode.WATCH, NetworkMode.ENFORCE])
def test_without_a_network_nothing_is_watched_or_enforced(key, mode):
    with pytest.raises(ValidationError, match="Add a network first"):
        allow(key, mode)
    key.refresh_from_db()
    assert key.network_mode == "off"


def test_a_revoked_key_has_its_networks_for_good(key):
    allow(key, NetworkMode.WATCH, OFFICE)
    key.revoke(CHANGE)
    with pytest.raises(ValidationError, match="The key is revoked"):
        allow(key, NetworkMode.OFF)
    assert names(key) == ["203.0.113.0/24 Main office"]


def test_a_successor_has_the_same_networks(key):
    allow(key, NetworkMode.ENFORCE, OFFICE, CLOUD)
    successor = key.rotate(CHANGE)[0]
    assert (successor.network_mode, names(successor)) == ("enforce", names(key))
    assert len(names(key)) == 2


def test_the_database_takes_a_network_once_and_with_a_name(key):
    allow(key, NetworkMode.WATCH, OFFICE)
    row = key.allowed_networks.get()
    for values in ({}, {"network": "198.51.100.0/24", "name": ""}):
        again = {"network": row.network, "name": row.name, "lowest": row.lowest, "highest": row.highest} | values
        with pytest.raises(IntegrityError), transaction.atomic():
            AllowedNetwork.objects.create(api_key=key, **again)
