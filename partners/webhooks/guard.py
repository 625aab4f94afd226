"""Where webhooks may go: public addresses over https. No URL makes this deployment call into a network of its own.

A name is resolved once. All its addresses are checked, and the caller connects to the checked address, never to the
name: a second answer of the name server has no effect.
"""

from dataclasses import dataclass
from ipaddress import ip_network

from django.conf import settings

from partners.formats import endpoint_urls
from partners.formats.endpoint_urls import Address, Malformed, Site
from partners.webhooks import lookup
from partners.webhooks.lookup import Unresolved

__all__ = ["Forbidden", "Target", "Unresolved", "check", "resolve"]

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


def _read(url: str) -> Site:
    """Return the parts of a URL whose port is allowed; Forbidden for any other text."""
    try:
        site = endpoint_urls.read(url)
    except Malformed as fault:
        raise Forbidden(str(fault)) from None
    if site.port not in settings.WEBHOOK_PORTS:
        allowed = ", ".join(map(str, settings.WEBHOOK_PORTS))
        raise Forbidden(f"Port {site.port} is not allowed. Allowed: {allowed}.")
    return site


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
