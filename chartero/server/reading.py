"""How the server reads requests, and handles those that it can't read.

gunicorn refuses a request that breaks HTTP or its limits with an HTML page, before the application sees it. Here, the
application answers instead. It gets the method, and the path if it belongs to the API, but no other data.
"""

import io
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any
from urllib.parse import unquote_to_bytes

from gunicorn import util  # type: ignore[import-untyped]
from gunicorn.http import body, errors, message, parser, unreader  # type: ignore[import-untyped]

from chartero.paths import TAKES_FILE
from chartero.server import heads


class Incomplete(errors.ParseException):  # type: ignore[misc]
    """A call that is refused before it has arrived. `begun` is its first bytes."""

    def __init__(self, begun: bytes) -> None:
        super().__init__()
        self.begun = begun


class TooSlow(Incomplete):
    """The client did not send the whole call in time."""


class TooLong(Incomplete):
    """The head of the call does not end."""


STATUS = "chartero.web.unreadable"  # the key of the status of the refusal in the WSGI environment
STATUSES = {
    TooSlow: 408,
    TooLong: 431,
    errors.LimitRequestLine: 414,
    errors.LimitRequestHeaders: 431,
    errors.ExpectationFailed: 417,
    errors.UnsupportedTransferCoding: 501,
}
API = "/external"
LONGEST = 1024  # bytes of a request line that are checked


class Body(body.Body):  # type: ignore[misc]
    """A body of gunicorn. One that breaks HTTP ends like one that is cut off, which Django can handle."""

    def _read_reader(self, size: int) -> Any:
        try:
            return super()._read_reader(size)
        except errors.ParseException as broken:
            raise errors.NoMoreData from broken


class Request(message.Request):  # type: ignore[misc]
    """A request of gunicorn. If it can't be read, the exception has its first bytes."""

    begun: bytes | bytearray = b""
    is_plain = False

    def __init__(self, *arguments: Any) -> None:
        try:
            super().__init__(*arguments)
        except errors.ParseException as fault:
            fault.begun = bytes(self.begun[:LONGEST])
            raise

    def _peer_trusted_for_forwarded(self) -> tuple[dict[str, str], list[str]]:
        """Trust no header of a proxy here, from any address. Django reads those that are configured."""
        return {}, []

    def parse(self, unreader: Any) -> bytes:
        data: bytes = unreader.take_buffered()
        longest = min(self.limit_request_line, self.limit_request_field_size)
        head = heads.plain(data, longest, self.limit_request_fields)
        if head is None:
            unreader.unread(data)
            return bytes(super().parse(unreader))
        self.is_plain, self.version, self.fragment = True, (1, 1), ""
        self.method, self.uri, self.headers = head.method, head.target, head.headers
        self.path, _, self.query = head.target.partition("?")
        return data[head.length :]

    def read_line(self, unreader: Any, buf: bytearray, limit: int = 0) -> Any:
        self.begun = buf
        return super().read_line(unreader, buf, limit)

    def set_body_reader(self) -> None:
        if not self.is_plain:
            super().set_body_reader()
        self.body: Body = Body(body.LengthReader(self.unreader, 0) if self.is_plain else self.body.reader)
        self._expected_100_continue = False  # the connection has asked for the body


class Arrived(unreader.Unreader):  # type: ignore[misc]
    """What a client has sent. The parser and the application read it, and never wait for more."""

    def chunk(self, size_hint: int | None = None) -> bytes:
        return b""


class Parser(parser.RequestParser):  # type: ignore[misc]
    """The parser of gunicorn for these requests. With TLS, it reads the connection itself."""

    mesg_class = Request


class ArrivedParser(Parser):
    """The parser for requests that have arrived."""

    def __init__(self, cfg: Any, source: Any, source_addr: Any) -> None:
        super().__init__(cfg, source, source_addr)
        self.unreader = Arrived()

    def finish_body(self, deadline: float | None = None, max_bytes: int | None = None) -> bool:
        """Skip what the application left of a body. All of it is here (`leaves_body`)."""
        if self.mesg is not None and self.mesg.body.reader.length:
            self.mesg.body.read()
        return True


def is_refused(request: Any, fault: Exception) -> bool:
    """Return True if the client is at fault: what it sent is not a request."""
    return request is None and isinstance(fault, errors.ParseException)


def answer(application: Any, client: Any, address: Any, request: Any, fault: Exception) -> None:
    """Send the application's response to a request that couldn't be read, or that couldn't be answered."""
    status = STATUSES.get(type(fault), 400) if is_refused(request, fault) else 500
    begun = getattr(fault, "begun", b"") if request is None else f"{request.method} {request.uri}".encode("latin-1")
    environ = _environ(*_method_and_path(begun), address) | {STATUS: status}
    head: list[bytes] = []

    def start_response(line: str, headers: Iterable[tuple[str, str]], exc_info: Any = None) -> Callable[..., Any]:
        fields = [("Date", util.http_date()), ("Connection", "close"), *headers]
        lines = [f"HTTP/1.1 {line}", *(f"{name}: {value}" for name, value in fields), "", ""]
        head[:] = ["\r\n".join(lines).encode("latin-1")]
        return lambda written: None  # PEP 3333 requires it, but nothing here calls it

    response = application(environ, start_response)
    content = b"" if environ["REQUEST_METHOD"] == "HEAD" else b"".join(response)
    getattr(response, "close", lambda: None)()
    with suppress(OSError):
        client.sendall(head[0] + content)


def is_of_api(begun: bytes) -> bool:
    """Return True if a request that begins with these bytes is a call of the API."""
    return _method_and_path(begun[:LONGEST])[1].startswith(API)


def takes_file(begun: bytes) -> bool:
    """Return True if a request that begins with these bytes may have a file in its body."""
    return begun.split(b" ", 2)[1:2] == [TAKES_FILE.encode()]


def leaves_body(request: Any) -> bool:
    """Return True if an answer may leave a part of the body unread, so that the connection can't be used again."""
    reader = request.body.reader
    if not isinstance(reader, body.LengthReader):
        return True
    if not reader.length:
        return False
    is_here = reader.length <= request.unreader.buf.getbuffer().nbytes
    return not is_here or is_of_api(f"{request.method} {request.uri}".encode("latin-1"))


def _environ(method: str, path: str, address: Any) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": address[0] if isinstance(address, tuple) else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


def _method_and_path(begun: bytes) -> tuple[str, str]:
    """Return HEAD or GET, and the path if it belongs to the API, else `/`. Without a path, assume the API."""
    method, _, rest = begun.partition(b" ")
    target = rest.split(b" ", 1)[0].split(b"\r\n", 1)[0].partition(b"?")[0]
    if b"://" in target:
        target = b"/" + target.partition(b"://")[2].partition(b"/")[2]
    path = unquote_to_bytes(target).decode("latin-1")
    known = path if path == API or path.startswith(f"{API}/") else "/"
    return "HEAD" if method == b"HEAD" else "GET", known if path.startswith("/") else API
