"""Addresses that no webhook may reach: by literal, by name, and by a name that changes after the check."""

import socket
import time
from contextlib import closing
from ipaddress import ip_network

import pytest

from partners.formats import endpoint_urls
from partners.webhooks import guard

PUBLIC, PUBLIC_6 = "198.41.0.4", "2001:503:ba3e::2:30"
FORBIDDEN = [
    *[
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
    ],
    *[
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.0.9",
        "192.0.0.170",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
    ],
    *["198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"],
    *["::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:198.41.0.4", "64:ff9b::7f00:1"],
    *["64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:20::1", "2001:db8::1"],
    *["2002:7f00:1::1", "2002:a9fe:a9fe::1", "3ffe::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1"],
    *["fe80::1%1", "fec0::1", "ff02::1", "ff0e::1"],
]
ODD = [
    *[
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "//hooks.example.com/",
        "hooks.example.com",
        "",
        "https://",
    ],
    *[
        "https:///",
        "https://user@hooks.example.com/",
        "https://user:word@hooks.example.com/",
        "https://@hooks.example.com/",
    ],
    *[
        "https://hooks.example.com@127.0.0.1/",
        "https://hooks.example.com\\@127.0.0.1/",
        "https://127.0.0.1#@example.com/",
    ],
    *["https://hooks.example.com/#part", "https://hooks.example.com:0/", "https://hooks.example.com:/"],
    *["https://hooks.example.com:0443/", "https://hooks.example.com:22/", "https://hooks.example.com:65979/"],
    *["https://2130706433/", "https://0177.0.0.1/", "https://0x7f.0.0.1/", "https://0x7f000001/", "https://127.1/"],
    *["https://127.0.0.1./", "https://127.0.0.01/", "https://198.41.0.4./", "https://198.41.0.04/", "https://0x/"],
    *["https://hooks.example.com./", "https://.example.com/", "https://hooks..example.com/", "https://-a.example.com/"],
    *["https://hooks_1.example.com/", f"https://{'a' * 64}.example.com/", f"https://{'a.' * 127}com/"],
    *["https://１２７.０.０.１/", "https://①②⑦.⓪.⓪.①/", "https://127。0。0。1/", "https://hооks.example.com/"],
    *[
        "https://ex\u00adample.com/",
        "https://ex\u200bample.com/",
        "https://%31%32%37.0.0.1/",
        "https://localhost%00.example.com/",
    ],
    *[
        "https://[::1%25lo]/",
        "https://[fe80::1%eth0]/",
        "https://[::1/",
        "https://::1/",
    ],
    *["https://[2001:503:ba3e:0::2:30]/", "https://[198.41.0.4]/", "https://[v1.a]/", "https://[]/"],
    *[
        "https://hooks.example.com/a b",
        "https://hooks.example.com/\r\nHost: a",
        "https://hooks.example.com/\n",
        " https://a.example/",
    ],
    *["https://hooks.example.com/é", "https://hooks.example.com/%zz", "https://hooks.example.com/<a>"],
    f"https://hooks.example.com/{'a' * endpoint_urls.LONGEST}",
]


@pytest.fixture(autouse=True)
def as_deployed(settings):
    settings.WEBHOOK_PORTS, settings.WEBHOOK_NETWORKS = (443, 8443), ()


@pytest.fixture
def names(monkeypatch):
    """Let tests say which addresses a name has, one list for each lookup; any other lookup is an error."""
    answers = {}

    def look_up(host, port, **kwargs):
        addresses = answers[host].pop(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (each, port)) for each in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return answers


@pytest.fixture
def listener(settings):
    """Return a socket of this machine that must never see a connection, although its port is allowed."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.setblocking(False)
        settings.WEBHOOK_PORTS = (443, 8443, server.getsockname()[1])
        yield server
        with pytest.raises(BlockingIOError):
            server.accept()


def resolve(url):
    return guard.resolve(url, deadline=time.monotonic() + 5)


def connect(url):
    """Do what a sender does: connect to the checked address."""
    target = resolve(url)
    with socket.create_connection((target.address, target.port), timeout=1):
        pass


def literal(address, port=443):
    return f"https://[{address}]:{port}/" if ":" in address else f"https://{address}:{port}/"


def test_there_are_enough_forbidden_addresses():
    assert len(set(FORBIDDEN)) >= 40


@pytest.mark.parametrize("address", FORBIDDEN)
def test_an_address_that_is_not_public_is_refused_as_a_literal(address, listener):
    with pytest.raises(guard.Forbidden):
        connect(literal(address, listener.getsockname()[1]))


@pytest.mark.parametrize("address", FORBIDDEN)
def test_an_address_that_is_not_public_is_refused_behind_a_name(address, listener, names):
    names["hooks.example.com"] = [[address]]
    with pytest.raises(guard.Forbidden, match=r"^hooks\.example\.com has an address that is not public\."):
        connect(f"https://hooks.example.com:{listener.getsockname()[1]}/")


@pytest.mark.parametrize("address", FORBIDDEN)
def test_one_address_that_is_not_public_spoils_a_name(address, names):
    names["hooks.example.com"] = [[PUBLIC, PUBLIC_6, address]]
    with pytest.raises(guard.Forbidden):
        resolve("https://hooks.example.com/")


@pytest.mark.parametrize("address", FORBIDDEN)
def test_a_name_that_changes_after_the_check_leads_to_the_checked_address(address, listener, names, monkeypatch):
    names["hooks.example.com"] = [[PUBLIC], [address], [address]]
    asked = []
    monkeypatch.setattr(socket, "create_connection", lambda where, timeout: asked.append(where) or socket.socket())
    port = listener.getsockname()[1]
    connect(f"https://hooks.example.com:{port}/")
    assert asked == [(PUBLIC, port)]
    with pytest.raises(guard.Forbidden):
        connect(f"https://hooks.example.com:{port}/")
    assert asked == [(PUBLIC, port)]


@pytest.mark.parametrize("url", ODD)
def test_a_url_in_an_odd_form_is_refused_before_any_lookup(url, names):
    with pytest.raises(guard.Forbidden):
        guard.check(url)
    with pytest.raises(guard.Forbidden):
        resolve(url)


@pytest.mark.parametrize("address", FORBIDDEN)
def test_a_literal_that_is_not_public_is_refused_without_a_lookup(address):
    with pytest.raises(guard.Forbidden):
        guard.check(literal(address))


def test_a_name_is_not_looked_up_by_a_check_of_its_text(names):
    guard.check("https://hooks.example.com/")


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://hooks.example.com", guard.Target("hooks.example.com", 443, PUBLIC, "/")),
        ("HTTPS://Hooks.Example.COM:8443/In", guard.Target("hooks.example.com", 8443, PUBLIC, "/In")),
        ("https://hooks.example.com?a=1/2", guard.Target("hooks.example.com", 443, PUBLIC, "/?a=1/2")),
        ("https://hooks.example.com/a%20b/;c?d=e", guard.Target("hooks.example.com", 443, PUBLIC, "/a%20b/;c?d=e")),
        ("https://xn--hks-0qa.example.com/", guard.Target("xn--hks-0qa.example.com", 443, PUBLIC, "/")),
        (f"https://{PUBLIC}/", guard.Target(PUBLIC, 443, PUBLIC, "/")),
        (f"https://[{PUBLIC_6.upper()}]/", guard.Target(PUBLIC_6, 443, PUBLIC_6, "/")),
    ],
)
def test_a_public_url_has_a_target(url, target, names):
    names[target.host] = [[PUBLIC, PUBLIC_6]]
    assert resolve(url) == target


@pytest.mark.parametrize("address", ["10.20.0.9", "fd00:20::9"])
def test_an_operator_can_allow_a_network(address, settings, names):
    settings.WEBHOOK_NETWORKS = (ip_network("10.20.0.0/16"), ip_network("fd00:20::/48"))
    names["hooks.internal"] = [[address]]
    assert resolve("https://hooks.internal/").address == address
    assert resolve(literal(address)).address == address


@pytest.mark.parametrize("address", ["10.21.0.1", "::ffff:10.20.0.9", "64:ff9b::a14:9"])
def test_an_allowed_network_opens_no_other(address, settings):
    settings.WEBHOOK_NETWORKS = (ip_network("10.20.0.0/16"),)
    with pytest.raises(guard.Forbidden):
        resolve(literal(address))


def test_a_refusal_names_no_address_of_a_name(names):
    names["hooks.example.com"] = [["10.1.2.3"]]
    with pytest.raises(guard.Forbidden) as refused:
        resolve("https://hooks.example.com/")
    assert "10.1.2.3" not in refused.value.reason


def test_a_port_that_is_not_listed_is_named_with_those_that_are():
    with pytest.raises(guard.Forbidden, match=r"^Port 22 is not allowed\. Allowed: 443, 8443\.$"):
        guard.check("https://hooks.example.com:22/")
