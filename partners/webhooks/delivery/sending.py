"""One attempt over HTTPS: to the address that was checked, within a limit of time, and without reading the answer.

No redirect is followed, no proxy of the environment is used, and no byte of the answer's body is read.
"""

import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from threading import Timer
from typing import Any

import urllib3
from django.conf import settings
from urllib3.connection import HTTPSConnection

from partners.formats.endpoint_urls import HTTPS
from partners.webhooks import guard
from partners.webhooks.guard import Target

PATIENCE = 15.0  # seconds for the whole attempt, from the look-up of the name to the status


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt: a status, or the kind of failure. `retry_after` is that header, if there is one."""

    status: int | None = None
    fault: str = ""
    retry_after: str | None = None

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def send(url: str, headers: Mapping[str, str], body: bytes, patience: float = PATIENCE) -> Answer:
    """Send the body, and return what came of it. Whatever the other side does, it is over when `patience` is."""
    deadline = time.monotonic() + patience
    try:
        target = guard.resolve(url, deadline=deadline)
    except guard.Forbidden:
        return Answer(fault="forbidden")
    except guard.Unresolved:
        return Answer(fault="unresolved")
    left = deadline - time.monotonic()
    return Answer(fault="timeout") if left <= 0 else _post(target, headers, body, left)


def _post(target: Target, headers: Mapping[str, str], body: bytes, left: float) -> Answer:
    connection = _Connection(
        target.address, target.port, timeout=left, ssl_context=_context(settings.WEBHOOK_CA_FILE),
        server_hostname=target.host,
    )  # fmt: skip
    watch = Timer(left, connection.cut)
    watch.daemon = True
    watch.start()
    try:
        connection.request("POST", target.path, body=body, headers={"Host": _host(target), **headers})
        # Not urllib3's own method: it reads the whole body, and logs the URL if a header is malformed.
        answer = http.client.HTTPConnection.getresponse(connection)
        return Answer(status=answer.status, retry_after=answer.headers.get("Retry-After"))
    except (OSError, http.client.HTTPException, urllib3.exceptions.HTTPError, ValueError) as fault:
        return Answer(fault="timeout" if connection.was_cut else _kind(fault))
    finally:
        watch.cancel()
        connection.finish()


class _Connection(HTTPSConnection):
    """A connection that can be cut from outside, also in the middle of a handshake."""

    was_cut = False
    _held: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        made = super()._new_conn()
        self._held = made.dup()  # stays open when TLS takes the socket over
        return made

    def cut(self) -> None:
        """End the connection now."""
        self.was_cut = True
        if self._held is not None:
            with suppress(OSError):
                self._held.shutdown(socket.SHUT_RDWR)

    def finish(self) -> None:
        """Close both ends of ours, whatever is still to be read."""
        if self._held is not None:
            self._held.close()
        self.close()


@cache
def _context(ca_file: str) -> ssl.SSLContext:
    """Return the rules of TLS: certificates of the system's authorities, or else of those in a file."""
    context = ssl.create_default_context(cafile=ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _host(target: Target) -> str:
    name = f"[{target.host}]" if ":" in target.host else target.host
    return name if target.port == HTTPS else f"{name}:{target.port}"


def _kind(fault: Any) -> str:
    if isinstance(fault, (ssl.SSLError, urllib3.exceptions.SSLError)):
        return "tls"
    if isinstance(fault, (urllib3.exceptions.NewConnectionError, ConnectionError)):
        return "connection"
    if isinstance(fault, (TimeoutError, urllib3.exceptions.TimeoutError)):
        return "timeout"
    return "connection" if isinstance(fault, OSError) else "protocol"
