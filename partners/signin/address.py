"""Where a request comes from."""

from ipaddress import IPv4Address, IPv6Address, ip_address

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


def _normal(text: str) -> str:
    """Return an address as it is compared: no zone, IPv4 as IPv4; nothing where `text` is none."""
    try:
        address: IPv4Address | IPv6Address = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)
