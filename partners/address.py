"""Where a request comes from."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

UNKNOWN = "0.0.0.0"  # noqa: S104 – an address that is nobody's, not one to listen on


def client_address(request: HttpRequest) -> str:
    """Return the client's IP address, `UNKNOWN` where there is none.

    Behind a proxy (`CHARTERO_BEHIND_PROXY`) that is the last hop of `X-Forwarded-For`, the one that the proxy itself
    wrote; the others are the client's own words. Without a proxy the header is not read.
    """
    claimed = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2] if settings.BEHIND_PROXY else ""
    return _normal(claimed) or _normal(request.META.get("REMOTE_ADDR", "")) or UNKNOWN


@lru_cache(maxsize=4096)
def network(address: str) -> str:
    """Return the network that an address is part of, as one says it: a /24 of IPv4, a /64 of IPv6."""
    parsed = ip_address(address)
    return str(ip_network((parsed, 24 if parsed.version == 4 else 64), strict=False))


@lru_cache(maxsize=4096)
def _normal(text: str) -> str:
    """Return an address as it is compared: no zone, IPv4 as IPv4; nothing where `text` is none."""
    try:
        address: IPv4Address | IPv6Address = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)
