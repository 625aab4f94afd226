"""nginx with the files of `deploy/nginx`, over TLS, in front of processes for partners and for staff."""

import http.client
import socket
import ssl
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import nginx
from tests.nginx import PARTNERS, STAFF
from tests.server.deployment import Answer

needs_nginx = pytest.mark.skipif(nginx.PROGRAM is None, reason="needs nginx")
TOLD = {  # what the services behind it have in their environment
    "CHARTERO_BEHIND_PROXY": "1",
    "CHARTERO_REQUIRE_HTTPS": "1",
    "CHARTERO_ALLOWED_HOSTS": f"{PARTNERS},{STAFF}",
    "CHARTERO_WORKERS": "1",
}


class Connection(http.client.HTTPSConnection):
    """A connection to nginx, by the name that TLS and the Host header say."""

    def __init__(self, name, port, context):
        super().__init__(name, port, context=context, timeout=20)
        self.context = context

    def connect(self):
        wire = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.sock = self.context.wrap_socket(wire, server_hostname=self.host)
        except OSError:
            wire.close()
            raise


@dataclass
class Front:
    """A running nginx."""

    folder: Path
    https: int
    http: int
    context: ssl.SSLContext

    def connection(self, name=PARTNERS):
        return Connection(name, self.https, self.context)

    def get(self, path, *, name=PARTNERS, method="GET", token=None, headers=None, body=None) -> Answer:
        connection = self.connection(name)
        credentials = {} if token is None else {"Authorization": f"Bearer {token}"}
        connection.request(method, path, body=body, headers=credentials | (headers or {}))
        response = connection.getresponse()
        answer = Answer(response.status, dict(response.getheaders()), response.read())
        connection.close()
        return answer

    def raw(self, *lines: bytes, name=PARTNERS) -> Answer:
        """Send these header lines as they are, over TLS."""
        wire = socket.create_connection(("127.0.0.1", self.https), timeout=20)
        with self.context.wrap_socket(wire, server_hostname=name) as secure:
            secure.sendall(b"\r\n".join([*lines, b"Connection: close", b"", b""]))
            return answered(secure)

    def plain(self, port, path, name=PARTNERS) -> Answer:
        """Call without TLS."""
        with socket.create_connection(("127.0.0.1", port), timeout=20) as wire:
            wire.sendall(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
            return answered(wire)


def answered(wire) -> Answer:
    response = http.client.HTTPResponse(wire)
    response.begin()
    return Answer(response.status, dict(response.getheaders()), response.read())


@contextmanager
def fronted(folder: Path, partners: int, staff: int, *others: int, **given):
    """Run nginx in front of the services at these ports, and of those of other machines, which serve both."""
    with nginx.running(folder, partners, staff, *others, **given) as ports:
        context = ssl.create_default_context(cafile=folder / "tls/certificate.pem")
        yield Front(folder, ports.https, ports.http, context)
