"""A connection of the server. It uses no thread until the client has sent a whole call, its body included."""

import re
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from gunicorn.http.parser import RequestParser  # type: ignore[import-untyped]
from gunicorn.workers.gthread import TConn  # type: ignore[import-untyped]

from chartero.paths import LONGEST_BODY, LONGEST_FILE
from chartero.server import reading
from chartero.server.sockets import LastingSocket

PATIENCE = 5.0  # seconds in which a client must send a call, from its first byte
GRACE = 2.0  # seconds in which a client must close its side after the last response (RFC 9112, 9.6)
PIECE = 64 * 1024  # bytes read at once
LONGEST_HEAD = 128 * 1024  # bytes: no request within gunicorn's limits comes near it
EMPTY_LINE = b"\r\n"
HEAD_END = b"\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,7})[ \t]*(?=\r\n)")
_EXPECTS = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n")


class Connection(TConn):  # type: ignore[misc]
    """A connection of gunicorn that reads requests with our parser.

    `last`: the next response closes the connection, and says so. `fault`: the call is refused before it has arrived.
    `leaving`: no more calls are answered, and the client has a moment to close its side. `untaken`: the next call waits
    until the client has read its responses. `kept`: more calls may follow the response that the client has yet to take.
    `is_over`: no call is left to answer.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.last = False
        self.fault: type[reading.Incomplete] | None = None
        self.leaving = False
        self.untaken = False
        self.kept = False
        self.is_over = False
        self.data_ready = True
        self.timeout: float | None = None  # when it has been idle or leaving for too long
        self.is_tls: bool = self.cfg.is_ssl
        self._sent = bytearray()
        self._needed: int | None = None  # bytes of the whole call, known once its head has arrived
        self._thrown_away = 0
        self._since: float | None = None

    @classmethod
    def accepted(cls, cfg: Any, listener: Any) -> "Connection":
        """Return the next connection of a listener."""
        accepted, address = listener.accept()
        return cls(cfg, LastingSocket.of(accepted), address, listener.getsockname())

    def init(self) -> None:
        if not self.initialized:
            super().init()
            if isinstance(self.parser, RequestParser):
                kind = reading.Parser if self.is_tls else reading.ArrivedParser
                self.parser: reading.Parser = kind(self.cfg, self.sock, self.client)

    def gather(self) -> bool:
        """Read what the client has sent. Return True if the call is complete, or if nothing more will come."""
        if self.is_tls or (self._sent and self.is_whole()):
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
        whole = self.is_whole()
        self.is_over = not piece and not whole and self.fault is None
        return not piece or whole

    @property
    def is_sending(self) -> bool:
        """Return True if the client has yet to take a part of its answer."""
        return not self.is_tls and bool(self.sock.unsent)

    @property
    def begun(self) -> bytes:
        """Return the first bytes of an incomplete call."""
        return bytes(self._sent[: reading.LONGEST])

    def is_whole(self) -> bool:
        """Return True if the data is a whole call, or a head that is too long."""
        if self._needed is None and not self._measure():
            if len(self._sent) > LONGEST_HEAD:
                self.fault = reading.TooLong
            return len(self._sent) > LONGEST_HEAD
        return len(self._sent) >= (self._needed or 0)

    def _measure(self) -> bool:
        """Note how long the call is, if its head has arrived. Ask for the body if the client waits for that."""
        end = self._sent.find(HEAD_END)
        if end < 0:
            return False
        head = bytes(self._sent[: end + len(EMPTY_LINE)])
        awaited = _awaited(head)
        self._needed = end + len(HEAD_END) + awaited
        if awaited and len(self._sent) < self._needed and _expects(head):
            with suppress(OSError):
                self.sock.send(CONTINUE)
        return True

    def hand_over(self) -> None:
        """Give the data to the parser."""
        self.init()
        self.parser.unreader.unread(bytes(self._sent))
        self._sent.clear()
        self._since = self._needed = None

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
            self.sock.shutdown(socket.SHUT_RDWR if self.untaken or self.is_sending else socket.SHUT_RD)

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

    def end_if_slow(self, now: float, linger: float) -> None:
        """End a connection that was idle for too long, or whose call takes too long to arrive.

        A stopping worker keeps idle ones until `linger`, but lets clients take their answers.
        """
        if self.is_too_slow(now):
            self.fault = reading.TooSlow
            self.end()
        elif self.timeout is not None and now > (self.timeout if self.is_sending else min(self.timeout, linger)):
            self.end()

    def is_too_slow(self, now: float) -> bool:
        """Return True if a call has begun but is not complete in time."""
        since = self._since
        return since is not None and now > since + PATIENCE


def make_room(idle: Sequence[Connection]) -> None:
    """End the first of the idle connections, which has been idle longest."""
    for connection in idle[:1]:
        connection.end()


def _awaited(head: bytes) -> int:
    """Return how many bytes of the body must arrive before the call is answered.

    None for a call of the API, which reads no body, and none for a body that the parser or the application refuses: one
    without a clear length, one that is too long, or one in chunks, which Django doesn't read.
    """
    lines = head.lower()
    if b"\r\ncontent-length:" not in lines or b"\r\ntransfer-encoding:" in lines:
        return 0
    lengths = _LENGTH.findall(lines)
    longest = LONGEST_BODY + (LONGEST_FILE if reading.takes_file(head) else 0)
    if len(lengths) != 1 or int(lengths[0]) > longest or reading.is_of_api(head):
        return 0
    return int(lengths[0])


def _expects(head: bytes) -> bool:
    """Return True if the client sends no body before we ask for it (RFC 9110, 10.1.1)."""
    lines = head.lower()
    return lines.partition(EMPTY_LINE)[0].endswith(b"http/1.1") and _EXPECTS.search(lines) is not None
