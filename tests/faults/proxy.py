"""A network between the server and its database, which can freeze, lose everything, or lead elsewhere."""

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Proxy(threading.Thread):
    """Passes bytes on between its own port and a target port on loopback. Frozen, it takes bytes and passes on none."""

    def __init__(self, target: int) -> None:
        super().__init__(daemon=True)
        self.target, self.is_frozen = target, False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self._listener.getsockname()[1]
        self._poll = selectors.DefaultSelector()
        self._poll.register(self._listener, selectors.EVENT_READ)
        self._lock, self._wake = threading.Lock(), socket.socketpair()
        self._poll.register(self._wake[0], selectors.EVENT_READ)
        self.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let nothing through; connections are still accepted, and stay open."""
        self.is_frozen = True
        try:
            yield
        finally:
            self.is_frozen = False
            self._wake[1].send(b".")

    def run(self) -> None:
        """Pass on until the process ends."""
        waiting: list[tuple[socket.socket, socket.socket]] = []
        while True:
            for key, _ in self._poll.select():
                waiting.append((key.fileobj, key.data))
                if self.is_frozen and key.fileobj is not self._wake[0]:
                    self._poll.unregister(key.fileobj)
            if not self.is_frozen:
                for source, sink in waiting:
                    self._take(source, sink)
                waiting.clear()

    def _take(self, source: socket.socket, sink: socket.socket | None) -> None:
        if source is self._wake[0]:
            source.recv(64)
            return
        if source.fileno() < 0:  # closed with its other half
            return
        with suppress(KeyError):
            self._poll.register(source, selectors.EVENT_READ, sink)
        if source is self._listener:
            self._accept()
        elif sink is not None:
            self._pass(source, sink)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        server = socket.create_connection(("127.0.0.1", self.target))
        self._poll.register(client, selectors.EVENT_READ, server)
        self._poll.register(server, selectors.EVENT_READ, client)

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            data = source.recv(65536)
            if data:
                sink.sendall(data)
                return
        except OSError:
            pass
        for each in (source, sink):
            with suppress(KeyError, ValueError):
                self._poll.unregister(each)
            each.close()
