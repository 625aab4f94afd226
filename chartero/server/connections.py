"""A connection of the server. It uses no thread until the client has sent a whole call."""

import re
import socket
import time
from contextlib import suppress
from typing import Any

from gunicorn.http.parser import RequestParser  # type: ignore[import-untyped]
from gunicorn.workers.gthread import TConn  # type: ignore[import-untyped]

from chartero.server import reading

PATIENCE = 5.0  # seconds in which a client must send a call, from its first byte
GRACE = 2.0  # seconds in which a client must close its side after the last response (RFC 9112, 9.6)
REST = 15.0  # seconds in total that a thread waits for the rest of a call longer than `LONGEST`
PIECE = 64 * 1024  # bytes read at once
LONGEST = 128 * 1024  # bytes of a call that are kept before a thread takes over
EMPTY_LINE = b"\r\n"
HEAD_END = b"\r\n\r\n"
_BODY_WAITS = re.compile(rb"\r\n(?:expect|transfer-encoding):", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,7})[ \t]*(?=\r\n)", re.IGNORECASE)


class LastingSocket(socket.socket):
    """A socket that only its connection closes.

    gunicorn closes a socket whose response broke off. The next connection could then get its file number, while the
    thread that responded still uses it.
    """

    @classmethod
    def of(cls, accepted: socket.socket) -> "LastingSocket":
        return cls(accepted.family, accepted.type, accepted.proto, accepted.detach())

    def close(self) -> None:
        """Do nothing."""

    def end(self) -> None:
        """Close the socket."""
        super().close()


class Connection(TConn):  # type: ignore[misc]
    """A connection of gunicorn that reads requests with our parser.

    `last`: the next response closes the connection, and says so. `late`: the call did not arrive in time. `leaving`: no
    more calls are answered, and the client has a moment to close its side. `untaken`: the next call waits until the
    client has read its responses. `is_over`: no call is left to answer.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.last = False
        self.late = False
        self.leaving = False
        self.untaken = False
        self.is_over = False
        self.data_ready = True
        self.timeout: float | None = None  # when it has been idle or leaving for too long
        self._sent = bytearray()
        self._thrown_away = 0
        self._since: float | None = None

    def init(self) -> None:
        if not self.initialized:
            super().init()
            if isinstance(self.parser, RequestParser):
                self.parser: reading.Parser = reading.Parser(self.cfg, self.sock, self.client)

    def gather(self) -> bool:
        """Read what the client has sent. Return True if the call is complete, or if nothing more will come."""
        if self.cfg.is_ssl or self.is_whole():
            return True
        try:
            piece = self.sock.recv(PIECE, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:  # reset: the parser will notice
            return True
        self._keep(piece)
        if self._sent and self._since is None:
            self._since, self.timeout = time.monotonic(), None
        self.is_over = not piece and not self._sent
        return not piece or self.is_whole()

    @property
    def begun(self) -> bytes:
        """Return the first bytes of an incomplete call."""
        return bytes(self._sent[: reading.LONGEST])

    def is_whole(self) -> bool:
        """Return True if the data is a whole call, or too long to keep here."""
        head = self._sent.find(HEAD_END)
        if head < 0 or len(self._sent) > LONGEST:
            return len(self._sent) > LONGEST
        return len(self._sent) >= min(head + len(HEAD_END) + _awaited(self._sent[: head + 2]), LONGEST)

    def hand_over(self) -> None:
        """Give the data to the parser."""
        self.init()
        self.parser.unreader.until = time.monotonic() + REST
        self.parser.unreader.unread(bytes(self._sent))
        self._sent.clear()
        self._since = None

    def take_back(self) -> bool:
        """Take back what the parser did not use. Return True if it is a whole call."""
        self._keep(self.parser.unreader.take_buffered())
        self._since = time.monotonic() if self._sent else None
        return bool(self._sent) and self.is_whole()

    def end(self) -> None:
        """Wake the thread that waits for the connection, and read no more. A call that has arrived is still answered.

        A thread that waits for room to send only wakes when both sides are closed.
        """
        self.last = True
        self.is_over = self.is_over or self.untaken
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR if self.untaken else socket.SHUT_RD)

    def close(self, graceful: bool = False) -> None:
        super().close(graceful)
        if isinstance(self.sock, LastingSocket):
            self.sock.end()

    def _keep(self, piece: bytes) -> None:
        """Keep the data. An empty line doesn't begin a call: some clients send one after a body."""
        self._sent += piece
        if self._sent == EMPTY_LINE:
            self._sent.clear()

    def leave(self) -> None:
        """Tell the client that no more responses follow. Discard what it still sends."""
        self.timeout, self.leaving = time.monotonic() + GRACE, True
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_WR)

    def has_left(self) -> bool:
        """Return True if the client has closed its side, or has sent too much more."""
        try:
            while piece := self.sock.recv(PIECE, socket.MSG_DONTWAIT):
                self._thrown_away += len(piece)
                if self._thrown_away > PIECE:
                    return True
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def is_too_slow(self, now: float) -> bool:
        """Return True if a call has begun but is not complete in time."""
        since = self._since
        return since is not None and now > since + PATIENCE


def _awaited(head: bytes | bytearray) -> int:
    """Return how many bytes of the body must arrive before the call is answered.

    None for a call of the API, which reads no body. None if the client waits for us, or if the parser will refuse it.
    """
    lengths = _LENGTH.findall(head)
    if len(lengths) != 1 or reading.is_of_api(bytes(head)) or _BODY_WAITS.search(head):
        return 0
    return int(lengths[0])
