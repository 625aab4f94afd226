"""The sockets on which a worker accepts connections."""

import errno
import select
import socket
import struct
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

PATIENCE = 5  # seconds that a thread waits for a client to send or to accept more data
GONE = (BlockingIOError, ConnectionAbortedError)  # another thread or process has taken it, or the client has left
NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
ONCE = select.EPOLLIN | select.EPOLLONESHOT  # tell one thread, then none until it asks again


class Listeners:
    """The listeners of a worker. Each tells one thread of a new connection, then waits for `listen()`."""

    def __init__(self, sockets: Iterable[Any], poll: select.epoll) -> None:
        self._poll = poll
        self._sockets = {each.fileno(): each for each in sockets}
        self._is_closing = False

    def open(self) -> None:
        """Listen for the first time."""
        for fileno, listener in self._sockets.items():
            listener.setblocking(False)
            for limit in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):  # accepted connections inherit these
                listener.setsockopt(socket.SOL_SOCKET, limit, struct.pack("ll", PATIENCE, 0))
            self._poll.register(fileno, ONCE)

    def at(self, fileno: int) -> Any:
        """Return the listener with this file number, or None."""
        return self._sockets.get(fileno)

    def listen(self, *listeners: Any) -> None:
        """Tell a thread of the next connection, on these listeners or on all."""
        try:
            for listener in listeners or self._sockets.values():
                self._poll.modify(listener, ONCE)
        except (OSError, ValueError):
            if not self._is_closing:  # otherwise it was closed in the meantime
                raise

    def close(self, take: Callable[[Any], None]) -> None:
        """Take all waiting connections, then close the listeners, so that no client waits in vain."""
        self._is_closing = True
        for fileno, listener in self._sockets.items():
            self._poll.unregister(fileno)
            with suppress(OSError):
                while True:
                    take(listener)
            listener.close()
