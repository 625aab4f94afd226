"""Clients that send slowly, or read nothing, and start again when they are refused."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

HALF_A_HEAD = b"GET /external/v1/encounters HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
HALF_A_FORM = (
    b"POST /admin/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 200000\r\n\r\n" + b"a" * 150_000
)
PACE = 0.25  # seconds between two bytes


class SlowClient:
    """A client that sends the first part of a call at once, and the rest a byte at a time."""

    def __init__(self, port: int, first: bytes) -> None:
        self.port, self.first, self._socket = port, first, socket.socket()

    def step(self) -> None:
        """Send a byte more. After an answer or an end, begin again."""
        try:
            if self._socket.fileno() < 0 or select.select([self._socket], [], [], 0)[0]:
                self.begin()
            self._socket.send(b"a")
        except OSError:
            self._socket.close()

    def begin(self) -> None:
        """Connect and send the first part."""
        self._socket.close()
        self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        self._socket.sendall(self.first)

    def close(self) -> None:
        """Leave."""
        self._socket.close()


@contextmanager
def dripping(port: int, first: bytes, sockets: int) -> Iterator[None]:
    """Keep so many clients that send the first part of a call and then a byte at a time."""
    clients, done = [SlowClient(port, first) for _ in range(sockets)], threading.Event()

    def drip() -> None:
        while not done.wait(PACE):
            for client in clients:
                client.step()

    for client in clients:
        client.begin()
    driver = threading.Thread(target=drip)
    driver.start()
    try:
        yield
    finally:
        done.set()
        driver.join()
        for client in clients:
            client.close()


@contextmanager
def unread(port: int, call: bytes, sockets: int) -> Iterator[None]:
    """Send a long row of calls on each of so many connections, and read none of the answers."""
    clients = []
    try:
        for _ in range(sockets):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)  # on loopback, a kernel would keep megabytes
            client.connect(("127.0.0.1", port))
            client.setblocking(False)
            with suppress(BlockingIOError):
                client.send(call * 1000)
            clients.append(client)
        yield
    finally:
        for client in clients:
            client.close()


@contextmanager
def idle(port: int, sockets: int) -> Iterator[None]:
    """Hold so many connections that send nothing."""
    clients = []
    try:
        for _ in range(sockets):
            clients.append(socket.create_connection(("127.0.0.1", port), timeout=10))
        yield
    finally:
        for client in clients:
            client.close()
