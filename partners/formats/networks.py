"""Networks as people write them: an address, or a range of them in CIDR notation (RFC 4632, RFC 4291)."""

import re
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from django.core.exceptions import ValidationError

Network = IPv4Network | IPv6Network
LONGEST = 43  # characters of a network in its normal form
BYTES = 17  # of a bound
_WRITTEN = re.compile(r"(?P<address>[0-9A-Fa-f:.]+)(?:/(?P<bits>[0-9]{1,3}))?")
_MAPPED = 96  # bits before the IPv4 address in an IPv4-mapped address


def parse(text: str) -> Network:
    """Return a network; raise ValidationError with what to write instead. An address alone is a network of one.

    IPv4-mapped IPv6 becomes IPv4, as in the addresses of callers.
    """
    written = _WRITTEN.fullmatch(text)
    try:
        if written is None:
            raise ValueError
        network = ip_network(text, strict=False)
    except ValueError:
        message = f"“{text[:LONGEST]}” is not a network. Write it like 203.0.113.0/24 or 2001:db8::/48."
        raise ValidationError(message, code="not_a_network") from None
    if _without_mapping(network).prefixlen == 0:
        message = f"{network} holds every address. To allow all of them, turn the networks off."
        raise ValidationError(message, code="everything")
    if written["bits"] and ip_address(written["address"]) != network.network_address:
        message = f"{text} begins at another address. Write {network}, or {written['address']} for one address."
        raise ValidationError(message, code="host_bits")
    return _without_mapping(network)


def bounds(network: Network) -> tuple[bytes, bytes]:
    """Return the first and the last address of a network, in the form of `sortable()`."""
    return sortable(str(network.network_address)), sortable(str(network.broadcast_address))


@lru_cache(maxsize=4096)
def sortable(address: str) -> bytes:
    """Return an address as bytes that sort like addresses of its version, apart from those of the other version.

    Every database compares bytes in the same way, whatever it knows about addresses.
    """
    parsed = ip_address(address)
    return bytes([parsed.version]) + parsed.packed


def _without_mapping(network: Network) -> Network:
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is None or network.prefixlen < _MAPPED:
        return network
    return ip_network((mapped, network.prefixlen - _MAPPED))
