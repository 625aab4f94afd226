import pytest
from django.test import RequestFactory

from partners.decision.address import UNKNOWN, client_address, network
from partners.models import KeyNetwork


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:DB8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("", UNKNOWN),
        ("unix:", UNKNOWN),
    ],
)
def test_the_address_is_the_peers(settings, peer, address):
    settings.BEHIND_PROXY = False
    assert client_address(RequestFactory(REMOTE_ADDR=peer).get("/")) == address


def test_a_header_is_not_believed_without_a_proxy(settings):
    settings.BEHIND_PROXY = False
    request = RequestFactory(HTTP_X_FORWARDED_FOR="203.0.113.9").get("/")
    assert client_address(request) == "127.0.0.1"


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("10.0.0.1, 203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, forged", "127.0.0.1"),
        ("203.0.113.9,", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
def test_behind_a_proxy_it_is_the_last_hop_that_the_proxy_wrote(settings, header, address):
    settings.BEHIND_PROXY = True
    assert client_address(RequestFactory(HTTP_X_FORWARDED_FOR=header).get("/")) == address


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("203.0.113.7:51234", "203.0.113.7"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ('"[2001:db8::7]:443"', "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        ("2001:DB8:0:0:0:0:0:7", "2001:db8::7"),
        ("2001:db8:0:0:0:0:0:7:51234", "2001:db8::7"),
        ("[fe80::1%eth0]:443", "fe80::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("[::ffff:203.0.113.7]:443", "203.0.113.7"),
        ("10.0.0.1:1, 203.0.113.7:51234 ", "203.0.113.7"),
        ("10.0.0.1,\t203.0.113.7", "203.0.113.7"),
    ],
)
def test_an_address_is_read_in_every_form_that_proxies_write(settings, written, address):
    settings.BEHIND_PROXY = True
    assert client_address(RequestFactory(HTTP_X_FORWARDED_FOR=written).get("/")) == address


@pytest.mark.parametrize(
    "written", ["203.0.113.7:", "203.0.113.7:x", "203.0.113:80", "[203.0.113.7", "[]:443", "unknown", "_gw:80", ":443"]
)
def test_what_is_no_address_leaves_the_proxys(settings, written):
    settings.BEHIND_PROXY = True
    assert client_address(RequestFactory(HTTP_X_FORWARDED_FOR=written).get("/")) == "127.0.0.1"


def test_without_any_address_there_is_still_one_to_count_under():
    request = RequestFactory().get("/")
    del request.META["REMOTE_ADDR"]
    assert client_address(request) == UNKNOWN


@pytest.mark.parametrize(
    ("address", "part_of"),
    [
        ("198.51.100.7", "198.51.100.0/24"),
        ("198.51.100.255", "198.51.100.0/24"),
        ("198.51.101.0", "198.51.101.0/24"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:ffff:ffff:ffff", "2001:db8::/64"),
        ("2001:db8:0:1::", "2001:db8:0:1::/64"),
        ("fe80::1", "fe80::/64"),
        (UNKNOWN, "0.0.0.0/24"),
    ],
)
def test_the_network_of_an_address(address, part_of):
    assert network(address) == part_of


def test_the_longest_network_fits_its_column():
    longest = network(":".join(["ffff"] * 8))
    assert len(longest) < KeyNetwork._meta.get_field("network").max_length
