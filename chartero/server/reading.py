"""How the server reads requests, and handles those that it can't read.

gunicorn refuses a request that breaks HTTP or its limits with an HTML page, before the application sees it. Here, the
application answers instead. It gets the method, and the path if it belongs to the API, but no other data.
"""

import io
import math
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any
from urllib.parse import unquote_to_bytes

from gunicorn import util  # type: ignore[import-untyped]
from gunicorn.http import body, errors, message, parser, unreader  # type: ignore[import-untyped]


class TooSlow(errors.ParseException):  # type: ignore[misc]
    """The client did not send the whole call in time. `begun` is what arrived."""

    def __init__(self, begun: bytes) -> None:
        super().__init__()
        self.begun = begun


STATUS = "chartero.web.unreadable"  # the key of the status of the refusal in the WSGI environment
STATUSES = {
    TooSlow: 408,
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

    def __init__(self, *arguments: Any) -> None:
        try:
            super().__init__(*arguments)
        except errors.ParseException as fault:
            fault.begun = bytes(self.begun[:LONGEST])
            raise

    def read_line(self, unreader: Any, buf: bytearray, limit: int = 0) -> Any:
        self.begun = buf
        return super().read_line(unreader, buf, limit)

    def set_body_reader(self) -> None:
        super().set_body_reader()
        self.body: Body = Body(self.body.reader)


class Unreader(unreader.SocketUnreader):  # type: ignore[misc]
    """The source of the parser. `until` is when it stops waiting, even for a client that keeps sending a little."""

    until = math.inf

    def chunk(self, size_hint: int | None = None) -> Any:
        if time.monotonic() > self.until:
            raise TimeoutError("the rest of a call has not come in time")
        return super().chunk(size_hint)


class Parser(parser.RequestParser):  # type: ignore[misc]
    """The parser of gunicorn for these requests."""

    mesg_class = Request

    def __init__(self, cfg: Any, source: Any, source_addr: Any) -> None:
        super().__init__(cfg, source, source_addr)
        self.unreader = Unreader(source)


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


def leaves_body(request: Any) -> bool:
    """Return True if an answer may leave a part of the body unread, so that the connection can't be used again."""
    names = [name for name, _ in request.headers]
    if "CONTENT-LENGTH" not in names:
        return "TRANSFER-ENCODING" in names
    is_here = request.body.reader.length <= request.unreader.buf.getbuffer().nbytes
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
