"""The socket of a connection. No thread waits until a client has read its answer."""

import os
import socket
import threading
from typing import Any

LONGEST_UNSENT = 1024 * 1024  # bytes of an answer that wait for the client, without a thread
MOST_UNSENT = 64 * 1024 * 1024  # bytes of all answers that wait


class LastingSocket(socket.socket):
    """A socket that only its connection closes, and that keeps what the client doesn't take at once.

    gunicorn closes a socket whose response broke off. The next connection could then get its file number, while the
    thread that responded still uses it. gunicorn also sends head and body apart, which costs a quarter of a call.
    """

    _lock = threading.Lock()
    _all_unsent = 0
    _holds = False
    _held = b""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.unsent = bytearray()

    @classmethod
    def of(cls, accepted: socket.socket) -> "LastingSocket":
        return cls(accepted.family, accepted.type, accepted.proto, accepted.detach())

    def close(self) -> None:
        """Do nothing."""

    def end(self) -> None:
        """Close the socket."""
        self._forget(len(self.unsent))
        super().close()

    def setblocking(self, flag: bool, /) -> None:
        """Do nothing: gunicorn sets the mode for each call, and it never changes."""

    def hold(self) -> None:
        """Hold back what is sent next, so that the head of a response leaves with the first piece of its body."""
        self._holds = True

    def release(self) -> None:
        """Send what is held back."""
        self._holds = False
        if self._held:
            self.sendall(b"")

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """Send what the client takes at once, and keep the rest. Wait for the client only if that is too much."""
        if self._holds:
            self._holds, self._held = False, data
            return
        if self._held:
            data, self._held = self._held + data, b""
        sent = 0 if self.unsent else self._send_now(data)
        if sent < len(data):
            self._keep(data[sent:])

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """Send a file, a short one like other data."""
        if count is not None and count <= LONGEST_UNSENT:
            self.sendall(os.pread(file.fileno(), count, offset))
            return count
        self.release()
        self._send_unsent()
        return super().sendfile(file, offset, count)

    def send_on(self) -> bool:
        """Send what the client takes of the rest. Return True if nothing is left."""
        self._forget(self._send_now(self.unsent))
        return not self.unsent

    def _send_now(self, data: Any) -> int:
        try:
            return self.send(data, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return 0

    def _keep(self, data: bytes) -> None:
        self.unsent += data
        with self._lock:
            LastingSocket._all_unsent += len(data)
        if len(self.unsent) > LONGEST_UNSENT or self._all_unsent > MOST_UNSENT:
            self._send_unsent()

    def _send_unsent(self) -> None:
        """Send the rest, and wait until the client has taken it."""
        rest = bytes(self.unsent)
        self._forget(len(rest))
        super().sendall(rest)

    def _forget(self, sent: int) -> None:
        del self.unsent[:sent]
        with self._lock:
            LastingSocket._all_unsent -= sent
