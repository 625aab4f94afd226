"""The faults, each as a context in which it lasts."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass

from tests.faults.database import Database
from tests.faults.proxy import Proxy

HALF_A_CALL = b"GET /external/v1/encounters HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "


@dataclass(frozen=True)
class Site:
    """What a fault may touch."""

    database: Database
    proxy: Proxy
    port: int


@dataclass(frozen=True)
class Scenario:
    """A fault, its name in the report, and how many seconds it lasts."""

    name: str
    seconds: float
    fault: Callable[[Site], AbstractContextManager[None]]


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


@contextmanager
def nothing(site: Site) -> Iterator[None]:
    """Leave everything as it is."""
    yield


@contextmanager
def cut_for_a_moment(site: Site) -> Iterator[None]:
    """Freeze the network and thaw it, four times."""
    for _ in range(4):
        with site.proxy.frozen():
            time.sleep(0.5)
        time.sleep(0.5)
    yield


SCENARIOS = [
    Scenario("no fault", 3, nothing),
    Scenario("backends stopped", 6, lambda site: site.database.stopped()),
    Scenario("network to the database frozen", 6, lambda site: site.proxy.frozen()),
    Scenario("network frozen for half a second, four times", 0, cut_for_a_moment),
    Scenario("keys locked", 6, lambda site: site.database.locked("partners_apikey")),
    Scenario("ledger locked", 6, lambda site: site.database.locked("partners_requestrecord")),
    Scenario("encounters locked", 6, lambda site: site.database.locked("encounters_encounter")),
    Scenario("connections ended", 1, lambda site: site.database.ended()),
    Scenario("sessions left on a read-only server", 1, lambda site: site.database.sessions_read_only()),
    Scenario("database read-only", 4, lambda site: site.database.read_only()),
    Scenario("4 half calls", 5, lambda site: dripping(site, 4)),
    Scenario("50 half calls", 5, lambda site: dripping(site, 50)),
    Scenario("4 pipelines that are not read", 5, lambda site: pipelining(site, 4)),
]
SHORT = ("backends stopped", "keys locked", "sessions left on a read-only server")
