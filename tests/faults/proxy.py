"""A network between the server and its database, which can freeze, lose everything, or lead elsewhere."""

import selectors
import socket
import threading
from collections.abc import Callable, Iterator
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
        self._wake, self._orders = socket.socketpair(), []
        self._poll.register(self._wake[0], selectors.EVENT_READ)
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._abandoned: list[tuple[socket.socket, socket.socket]] = []
        self.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let nothing through; connections are still accepted, and stay open."""
        self.freeze()
        try:
            yield
        finally:
            self.thaw()

    def freeze(self) -> None:
        self.is_frozen = True

    def thaw(self) -> None:
        self.is_frozen = False
        self._wake[1].send(b".")

    def redirect(self, target: int) -> None:
        """Lead new connections elsewhere. The open ones stay where they are."""
        self.target = target

    def cut(self) -> None:
        """Close all connections, as a server that stops does."""
        self._order(lambda: self._leave(self._close))

    def abandon(self) -> None:
        """Pass on nothing more over the open connections, and don't close them: their server is gone."""
        self._order(lambda: self._leave(self._abandoned.append))

    def run(self) -> None:
        """Pass on until the process ends."""
        waiting: list[tuple[socket.socket, socket.socket]] = []
        while True:
            for key, _ in self._poll.select():
                if key.fileobj is self._wake[0]:
                    self._wake[0].recv(64)
                    continue
                waiting.append((key.fileobj, key.data))
                if self.is_frozen:
                    self._poll.unregister(key.fileobj)
            while self._orders:
                self._orders.pop(0)()
            if not self.is_frozen:
                for source, sink in waiting:
                    self._take(source, sink)
                waiting.clear()

    def _order(self, act: Callable[[], None]) -> None:
        """Have the thread do something, and wait until it has."""
        done = threading.Event()
        self._orders += [act, done.set]
        self._wake[1].send(b".")
        done.wait(5)

    def _take(self, source: socket.socket, sink: socket.socket | None) -> None:
        if source.fileno() < 0 or (sink is not None and not self._is_open(source, sink)):  # closed with its other half
            return
        with suppress(KeyError):
            self._poll.register(source, selectors.EVENT_READ, sink)
        if source is self._listener:
            self._accept()
        elif sink is not None:
            self._pass(source, sink)

    def _is_open(self, source: socket.socket, sink: socket.socket) -> bool:
        return (source, sink) in self._pairs or (sink, source) in self._pairs

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        try:
            server = socket.create_connection(("127.0.0.1", self.target))
        except ConnectionRefusedError:
            client.close()
            return
        self._pairs.add((client, server))
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
        pair = (source, sink) if (source, sink) in self._pairs else (sink, source)
        self._pairs.discard(pair)
        self._forget(pair)
        self._close(pair)

    def _leave(self, leave: Callable[[tuple[socket.socket, socket.socket]], object]) -> None:
        """Do something with each pair, and pass on nothing more between its halves."""
        for pair in self._pairs:
            self._forget(pair)
            leave(pair)
        self._pairs.clear()

    def _forget(self, pair: tuple[socket.socket, socket.socket]) -> None:
        for each in pair:
            with suppress(KeyError, ValueError):
                self._poll.unregister(each)

    def _close(self, pair: tuple[socket.socket, socket.socket]) -> None:
        for each in pair:
            each.close()
