"""Where webhooks may go: public addresses over https. No URL makes this deployment call into a network of its own.

A name is resolved once. All its addresses are checked, and the caller connects to the checked address, never to the
name: a second answer of the name server has no effect.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings

from partners.webhooks import lookup
from partners.webhooks.lookup import Unresolved

__all__ = ["Forbidden", "Target", "Unresolved", "check", "resolve"]

LONGEST = 500  # characters of a URL
HTTPS = 443
Address = IPv4Address | IPv6Address

_URL = re.compile(
    r"(?i:https)://"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]+)"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>(?:/(?:[\w.~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)?(?:\?(?:[\w.~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?)",
    re.ASCII,
)
_LABEL = re.compile(r"[0-9a-z](?:[0-9a-z-]{0,61}[0-9a-z])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")  # as resolvers read one: decimal, octal or hexadecimal
LONGEST_NAME = 253  # characters; RFC 1035

# Unicast addresses of the whole internet are in 2000::/3 (RFC 4291). Elsewhere are mapped and translated IPv4 addresses
# (::, ::ffff:0:0/96, 64:ff9b::/96, 64:ff9b:1::/48), fec0::/10, and multicast.
_GLOBAL_IPV6 = ip_network("2000::/3")
_SPECIAL = tuple(
    ip_network(each)
    for each in (
        "192.0.0.0/24",  # protocol assignments (RFC 6890), some of them global
        "192.88.99.0/24",  # relays of 6to4 (RFC 7526)
        "2001::/23",  # protocol assignments, among them Teredo (RFC 4380)
        "2002::/16",  # 6to4 (RFC 3056): holds an IPv4 address
        "3ffe::/16",  # the former 6bone (RFC 3701)
        "3fff::/20",  # documentation (RFC 9637)
    )
)


class Forbidden(Exception):
    """A URL that no webhook may be sent to. `reason` is a sentence for staff, without any address that a name has."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect: to `address`, with TLS for `host`. The path includes the query."""

    host: str
    port: int
    address: str
    path: str


@dataclass(frozen=True, slots=True)
class _Site:
    host: str
    port: int
    path: str
    literal: Address | None


def check(url: str) -> None:
    """Raise Forbidden if the text of a URL shows already that it is not allowed. Nothing is resolved."""
    site = _read(url)
    if site.literal is not None:
        _judge(site.host, site.literal)


def resolve(url: str, *, deadline: float) -> Target:
    """Return where to connect; Forbidden if any address of the host is not allowed, Unresolved if it has none in time.

    The deadline is a moment of `time.monotonic()`.
    """
    site = _read(url)
    addresses = [site.literal] if site.literal else lookup.addresses(site.host, site.port, deadline=deadline)
    for address in addresses:
        _judge(site.host, address)
    return Target(site.host, site.port, str(addresses[0]), site.path)


def _read(url: str) -> _Site:
    """Return the parts of a URL. It is read by a grammar of our own, so that no two parsers can differ about it."""
    if len(url) > LONGEST:
        raise Forbidden(f"The URL is longer than {LONGEST} characters.")
    written = _URL.fullmatch(url)
    if written is None:
        raise Forbidden(
            "Write an https URL, such as https://hooks.example.com/chartero: ASCII only, without a user name, a "
            "password or a fragment."
        )
    port = int(written["port"] or HTTPS)
    if port not in settings.WEBHOOK_PORTS:
        allowed = ", ".join(map(str, settings.WEBHOOK_PORTS))
        raise Forbidden(f"Port {port} is not allowed. Allowed: {allowed}.")
    host = written["host"].lower()
    path = written["path"]
    return _Site(host.strip("[]"), port, path if path.startswith("/") else f"/{path}", _literal(host))


def _literal(host: str) -> Address | None:
    """Return the address that a host is, or None if it is a name; Forbidden for other spellings of an address."""
    labels = host.split(".")
    if host.startswith("[") or _NUMBER.fullmatch(labels[-1]):
        return _address(host)
    if len(host) > LONGEST_NAME or not all(map(_LABEL.fullmatch, labels)):
        raise Forbidden("The host name is not valid. Write it without a dot at the end.")
    return None


def _address(host: str) -> Address:
    text = host.strip("[]")
    try:
        address = ip_address(text)
    except ValueError:
        address = None
    if address is None or str(address) != text or (address.version == 6) != host.startswith("["):
        raise Forbidden("Write an IP address in its usual form, such as 203.0.113.9 or [2001:db8::9].")
    return address


def _judge(host: str, address: Address) -> None:
    if _is_public(address) or any(address in network for network in settings.WEBHOOK_NETWORKS):
        return
    raise Forbidden(f"{host} has an address that is not public. An operator can allow its network.")


def _is_public(address: Address) -> bool:
    """Return True if an address belongs to one host of the whole internet.

    `ipaddress` alone isn't enough: it calls some multicast addresses and holders of IPv4 addresses global.
    """
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    if address.version == 6 and address not in _GLOBAL_IPV6:
        return False
    return not any(address in network for network in _SPECIAL)
