"""The grammar of a URL that webhooks can be sent to. Each URL is read by it alone, so that no two parsers can differ.

Whether its address is allowed is another question, which `partners.webhooks.guard` answers.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

LONGEST = 500  # characters of a URL
LONGEST_NAME = 253  # characters of a host name; RFC 1035
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


class Malformed(ValueError):
    """A text that is no such URL. The message is a sentence for staff."""


@dataclass(frozen=True, slots=True)
class Site:
    """The parts of a URL. The path includes the query. `literal` is the host if it is an address, else None."""

    host: str
    port: int
    path: str
    literal: Address | None


def read(url: str) -> Site:
    """Return the parts of a URL; raise Malformed if it is none."""
    if len(url) > LONGEST:
        raise Malformed(f"The URL is longer than {LONGEST} characters.")
    written = _URL.fullmatch(url)
    if written is None:
        raise Malformed(
            "Write an https URL, such as https://hooks.example.com/chartero: ASCII only, without a user name, a "
            "password or a fragment."
        )
    host, path = written["host"].lower(), written["path"]
    port = int(written["port"] or HTTPS)
    if port >= 2**16:
        raise Malformed("A port is a number from 1 to 65535.")
    return Site(host.strip("[]"), port, path if path.startswith("/") else f"/{path}", _literal(host))


def kept(url: str) -> str:
    """Return a URL as endpoints keep it: with its scheme in lower case, so that only one spelling of it is kept."""
    scheme, mark, rest = url.strip().partition("://")
    return f"{scheme.lower()}{mark}{rest}"


def _literal(host: str) -> Address | None:
    """Return the address that a host is, or None if it is a name; Malformed for other spellings of an address."""
    labels = host.split(".")
    if host.startswith("[") or _NUMBER.fullmatch(labels[-1]):
        return _address(host)
    if len(host) > LONGEST_NAME or not all(map(_LABEL.fullmatch, labels)):
        raise Malformed("The host name is not valid. Write it without a dot at the end.")
    return None


def _address(host: str) -> Address:
    text = host.strip("[]")
    try:
        address = ip_address(text)
    except ValueError:
        address = None
    if address is None or str(address) != text or (address.version == 6) != host.startswith("["):
        raise Malformed("Write an IP address in its usual form, such as 203.0.113.9 or [2001:db8::9].")
    return address
