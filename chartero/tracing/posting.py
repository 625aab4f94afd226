"""One attempt to send spans to the collector over HTTP, within a limit of time and without reading the answer's body.

No redirect is followed, and no proxy of the environment is used.
"""

import http.client
import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from partners.formats import traces

PATIENCE = 5.0  # seconds for each step: to connect, to agree on TLS, to send, to get the status
PATH = "/v1/traces"
TYPE = {"Content-Type": "application/x-protobuf", "Connection": "close"}
PASSING = (429, 502, 503, 504)  # OTLP specification, Retryable Response Codes
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})")
_LONGEST = len("HTTP/1.1 200")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came of an attempt: a status, or the kind of failure."""

    status: int | None = None
    fault: str = ""

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def may_succeed_later(self) -> bool:
        return self.status is None or self.status in PASSING

    def __str__(self) -> str:
        return self.fault or f"HTTP {self.status}"


class Collector:
    """The collector that the settings name. `headers` go with each request, for example with a token."""

    def __init__(self, endpoint: str, headers: Mapping[str, str]) -> None:
        url = urlsplit(endpoint)
        self._place: dict[str, Any] = {"host": url.hostname, "port": url.port, "timeout": PATIENCE}
        self._path, self._headers = url.path + PATH, {**headers, **TYPE}
        self._kind: type[http.client.HTTPConnection] = http.client.HTTPConnection
        if url.scheme == "https":
            self._kind = http.client.HTTPSConnection
            self._place["context"] = ssl.create_default_context()

    def take(self, body: bytes) -> Receipt:
        """Send a body, and return what came of it."""
        connection = self._kind(**self._place)
        try:
            connection.request("POST", self._path, body=body, headers=self._headers)
            return Receipt(status=_status(connection.sock))
        except (OSError, http.client.HTTPException, ValueError) as fault:
            return Receipt(fault=traces.kind(fault))
        finally:
            connection.close()


def _status(sock: Any) -> int:
    """Return the status of the answer. Whatever else comes stays unread."""
    said, until = b"", time.monotonic() + PATIENCE
    while len(said) < _LONGEST and time.monotonic() < until:
        sock.settimeout(max(until - time.monotonic(), 0.001))
        piece = sock.recv(_LONGEST - len(said))
        if not piece:
            break
        said += piece
    status = _STATUS.fullmatch(said)
    if status is None:
        raise http.client.BadStatusLine("")
    return int(status[1])
