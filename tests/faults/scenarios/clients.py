"""Clients that hold on to what they were given."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.faults.scenario import Scenario, Site

HALF_A_CALL = b"GET /external/v1/encounters HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "


@contextmanager
def dripping(site: Site, sockets: int) -> Iterator[None]:
    """Hold connections open by a byte of an unfinished call every two seconds."""
    with ExitStack() as stack:
        clients = [stack.enter_context(socket.create_connection(("127.0.0.1", site.port))) for _ in range(sockets)]
        for client in clients:
            client.sendall(HALF_A_CALL)
        yield


@contextmanager
def pipelining(site: Site, sockets: int) -> Iterator[None]:
    """Send a long row of calls on each connection and read none of the answers."""
    row = b"GET /external/v1/encounters HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 1000
    with ExitStack() as stack:
        for _ in range(sockets):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", site.port)))
            client.setblocking(False)
            client.send(row)
        yield


SCENARIOS = [
    Scenario("4 half calls", 5, lambda site: dripping(site, 4)),
    Scenario("50 half calls", 5, lambda site: dripping(site, 50)),
    Scenario("4 pipelines that are not read", 5, lambda site: pipelining(site, 4)),
]
