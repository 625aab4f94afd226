"""The sockets on which a worker accepts connections."""

import errno
import os
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

PATIENCE = 5  # seconds that a thread waits for a client to send or to accept more data
HANDSHAKE = 0.5  # seconds in which a handshake that has begun must end before a listener is closed
LONGEST = 2.0  # seconds in which a stopping worker takes connections at most
TURN = 0.05  # seconds of taking connections before the worker looks after those it has
GONE = (BlockingIOError, ConnectionAbortedError)  # another thread or process has taken it, or the client has left
NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
ONCE = select.EPOLLIN | select.EPOLLONESHOT  # tell one thread, then none until it asks again


class Listeners:
    """The listeners of a worker. Each tells one thread of a new connection, then waits for `listen()`."""

    def __init__(self, sockets: Iterable[Any], poll: select.epoll) -> None:
        self._poll = poll
        self._sockets = {each.fileno(): each for each in sockets}
        self._is_ending = False
        self._lock = threading.Lock()

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
        with self._lock:
            for listener in () if self._is_ending else listeners or self._sockets.values():
                self._poll.modify(listener, ONCE)

    def end(self, take: Callable[[Any], None], meanwhile: Callable[[], None]) -> None:
        """Take the connections that are still to come, then close the listeners. No thread is told of them any more.

        Where other processes go on accepting, connections may come without end: those others take the rest.
        """
        with self._lock:
            self._is_ending = True
            for fileno in self._sockets:
                self._poll.unregister(fileno)
        begun = now = time.monotonic()
        while not (self._took_all(take, until=now + TURN) and now > begun + HANDSHAKE) and now < begun + LONGEST:
            meanwhile()
            now = time.monotonic()
        for listener in self._sockets.values():
            # To a late thread, it is a closed socket. gunicorn's `close` would leave None.
            os.close(listener.detach())

    def _took_all(self, take: Callable[[Any], None], until: float) -> bool:
        """Take all connections that wait. Return False if there is no more room or time."""
        return all(_took_all(listener, take, until) for listener in self._sockets.values())


def _took_all(listener: Any, take: Callable[[Any], None], until: float) -> bool:
    while time.monotonic() < until:
        try:
            take(listener)
        except ConnectionAbortedError:
            continue
        except BlockingIOError:
            return True
        except OSError:
            return False
    return False
