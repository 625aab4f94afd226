"""The address that a request comes from."""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

UNKNOWN = "0.0.0.0"  # noqa: S104 – a placeholder that no client can have, not an address to listen on
# Plain, with a port or in brackets, as Azure's Application Gateway, IIS and AWS's load balancers write it.
_WRITTEN = re.compile(
    r"""[ \t"]*(?: \[ (?P<bracketed>[^\]]+) \] (?: :[0-9]{1,5} )?
    | (?P<dotted>[0-9]+\.[0-9.]+) :[0-9]{1,5}
    | (?P<groups>(?: [0-9a-f]{1,4}: ){7}[0-9a-f]{1,4}) :[0-9]{1,5}
    | (?P<bare>[^\s"]+) )[ \t"]*""",
    re.VERBOSE | re.IGNORECASE,
)


def client_address(request: HttpRequest) -> str:
    """Return the client's IP address, or `UNKNOWN` if there is none.

    Behind a proxy (`CHARTERO_BEHIND_PROXY`) that is the last hop of `X-Forwarded-For`. The proxy itself wrote that
    one; a client can send any others. Without a proxy the header is not read.
    """
    claimed = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2] if settings.BEHIND_PROXY else ""
    return _normal(claimed) or _normal(request.META.get("REMOTE_ADDR", "")) or UNKNOWN


@lru_cache(maxsize=4096)
def network(address: str) -> str:
    """Return the network of an address: a /24 of IPv4, a /64 of IPv6."""
    parsed = ip_address(address)
    return str(ip_network((parsed, 24 if parsed.version == 4 else 64), strict=False))


@lru_cache(maxsize=4096)
def _normal(text: str) -> str:
    """Return an address in the form for comparison, without port and zone and with IPv4 as IPv4, or ""."""
    written = _WRITTEN.fullmatch(text)
    alone = written[written.lastgroup or 0] if written else ""
    try:
        address: IPv4Address | IPv6Address = ip_address(alone.partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)
