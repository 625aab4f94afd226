"""The collector of traces, as the settings name it: what is wrong with them."""

import re
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110, 5.6.2
_VALUE = re.compile(r"[!-~](?:[ -~]*[!-~])?")
OURS = {"host", "content-length", "content-type", "transfer-encoding", "connection"}  # set for each request


def is_installed() -> bool:
    """Return True if the package of traces is there (`deploy/otel.txt`)."""
    with suppress(ModuleNotFoundError):
        return find_spec("opentelemetry.proto") is not None
    return False


def is_exposed(endpoint: str) -> bool:
    """Return True if spans and the token in their headers would leave a private network without TLS.

    A name without a dot is one of this machine, or of the containers beside it.
    """
    url = urlsplit(endpoint)
    host = url.hostname or ""
    try:
        return url.scheme == "http" and not ip_address(host).is_private
    except ValueError:
        return url.scheme == "http" and "." in host


def are_headers(given: Mapping[str, Any]) -> bool:
    """Return True if each can be sent as a header: a name that isn't ours, a value of printable ASCII."""
    return all(
        _NAME.fullmatch(name) and name.lower() not in OURS and isinstance(value, str) and _VALUE.fullmatch(value)
        for name, value in given.items()
    )
