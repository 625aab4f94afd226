"""Networks as people write them, and their bounds as every database compares them."""

from ipaddress import ip_address

import pytest
from django.core.exceptions import ValidationError

from partners.formats.networks import BYTES, LONGEST, bounds, parse, sortable

IN_ORDER = ["0.0.0.1", "9.255.255.255", "10.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::", "ffff::"]


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("203.0.113.0/24", "203.0.113.0/24"),
        ("203.0.113.9", "203.0.113.9/32"),
        ("2001:DB8::/48", "2001:db8::/48"),
        ("2001:db8:0:0:0:0:0:1", "2001:db8::1/128"),
        ("::ffff:203.0.113.9", "203.0.113.9/32"),
        ("::ffff:203.0.113.0/120", "203.0.113.0/24"),
        ("::fffe:0:0/95", "::fffe:0:0/95"),
        ("128.0.0.0/1", "128.0.0.0/1"),
    ],
)
def test_a_network_in_its_normal_form(text, network):
    assert str(parse(text)) == network


@pytest.mark.parametrize(
    "text",
    [
        *["", "office", "203.0.113", "203.0.113.0/", "203.0.113.0/33", "203.0.113.0/024x", "203.0.113.0/255.255.255.0"],
        *["203.0.113.0 /24", "203.0.113.010", "٢٠٣.0.113.0", "2001:db8::/129", "fe80::1%eth0", "-1.0.0.0/8", "1" * 90],
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(ValidationError, match="is not a network") as refusal:
        parse(text)
    assert len(refusal.value.message) < LONGEST + 90


@pytest.mark.parametrize("text", ["0.0.0.0/0", "::/0", "203.0.113.9/0", "::ffff:0:0/96", "::ffff:203.0.113.9/96"])
def test_a_network_that_holds_every_address_is_refused(text):
    with pytest.raises(ValidationError, match="holds every address"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("203.0.113.9/24", "Write 203.0.113.0/24, or 203.0.113.9 for one address."),
        ("2001:db8::1/48", "Write 2001:db8::/48, or 2001:db8::1 for one address."),
    ],
)
def test_a_network_that_begins_at_another_address_is_refused_with_what_to_write(text, advice):
    with pytest.raises(ValidationError, match=advice):
        parse(text)


def test_addresses_sort_by_version_and_then_by_number():
    assert sorted([*IN_ORDER[4:], *IN_ORDER[:4]], key=sortable) == IN_ORDER
    assert max(len(sortable(address)) for address in IN_ORDER) == BYTES


@pytest.mark.parametrize("text", ["203.0.113.0/24", "10.0.0.0/7", "203.0.113.9", "2001:db8::/33", "::1"])
def test_the_bounds_of_a_network_are_its_first_and_its_last_address(text):
    network, (first, last) = parse(text), bounds(parse(text))
    number, kind = int(network.network_address), type(network.network_address)
    inside = [number, number + network.num_addresses - 1]
    assert all(first <= sortable(str(kind(each))) <= last for each in inside)
    assert not any(first <= sortable(str(kind(each))) <= last for each in (inside[0] - 1, inside[1] + 1))


def test_the_longest_network_fits():
    longest = parse(":".join(["abcd"] * 8))
    assert len(str(longest)) == LONGEST
    assert ip_address(sortable(str(longest.network_address))[1:]) == longest.network_address
