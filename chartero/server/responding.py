"""How a request is answered on a connection without TLS: as gunicorn does it, with less work for each call."""

import os
import time
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from gunicorn import util  # type: ignore[import-untyped]
from gunicorn.http import wsgi  # type: ignore[import-untyped]

# Nearly every response has only these headers, whose names need no check.
USUAL = frozenset(
    {"Content-Type", "Content-Length", "X-Request-ID", "Cache-Control", "X-Content-Type-Options"}
    | {"Strict-Transport-Security", "WWW-Authenticate", "Retry-After"}
)


class Response(wsgi.Response):  # type: ignore[misc]
    """A response of gunicorn. Its usual headers and its date take less time."""

    def process_headers(self, headers: Iterable[tuple[str, str]]) -> None:
        for name, value in headers:
            if name not in USUAL or not wsgi.HEADER_VALUE_RE.fullmatch(value):
                super().process_headers([(name, value)])
                continue
            if name == "Content-Length":
                self.response_length = int(value)
            self.headers.append((name, value.strip(" \t")))

    def default_headers(self) -> list[str]:
        if self.upgrade or self.chunked:
            return list(super().default_headers())
        connection = "close" if self.should_close() else "keep-alive"
        major, minor = self.req.version
        return [
            f"HTTP/{major}.{minor} {self.status}\r\nServer: {self.version}\r\n"
            f"Date: {_date(int(time.time()))}\r\nConnection: {connection}\r\n"
        ]


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    return str(util.http_date(second))


class Environments:
    """The WSGI environments of plain requests. They are those of gunicorn, without `wsgi.early_hints`."""

    def __init__(self, cfg: Any) -> None:
        self._are_usual = not os.environ.get("SCRIPT_NAME")
        self._common = wsgi.base_environ(cfg) | {
            "wsgi.multithread": True,
            "wsgi.url_scheme": "http",
            "SCRIPT_NAME": "",
            "SERVER_PROTOCOL": "HTTP/1.1",
        }

    def of(self, request: Any, connection: Any) -> dict[str, Any] | None:
        """Return the environment of a request. Return None if gunicorn must make it."""
        if not (self._are_usual and request.is_plain and isinstance(connection.client, tuple)):
            return None
        environ: dict[str, Any] = self._common | {
            "wsgi.input": request.body,
            "gunicorn.socket": connection.sock,
            "REQUEST_METHOD": request.method,
            "QUERY_STRING": request.query,
            "RAW_URI": request.uri,
            "PATH_INFO": util.unquote_to_wsgi_str(request.path) if "%" in request.path else request.path,
            "REMOTE_ADDR": connection.client[0],
            "REMOTE_PORT": str(connection.client[1]),
            "SERVER_NAME": connection.server[0],
            "SERVER_PORT": str(connection.server[1]),
        }
        for name, value in request.headers:
            key = "CONTENT_TYPE" if name == "CONTENT-TYPE" else "HTTP_" + name.replace("-", "_")
            environ[key] = f"{environ[key]},{value}" if key in environ else value
        return environ


class Responder:
    """How a worker answers requests."""

    def __init__(self, worker: Any) -> None:
        self._worker = worker
        self._environments = Environments(worker.cfg)

    def answer(self, request: Any, connection: Any) -> bool:
        """Answer a request. Return True if another one may follow on its connection."""
        begun, (response, environ) = datetime.now(), self._begun(request, connection)
        connection.sock.hold()
        try:
            _send(response, self._worker.wsgi(environ, response.start_response))
        except (Exception, SystemExit) as fault:
            if isinstance(fault, OSError) or not response.headers_sent:
                raise
            self._worker.log.exception("Error handling request")
            util.close_graceful(connection.sock)
            raise StopIteration from None
        finally:
            connection.sock.release()
            self._worker.log.access(response, request, environ, datetime.now() - begun)
        return not response.should_close()

    def _begun(self, request: Any, connection: Any) -> tuple[Response, dict[str, Any]]:
        cfg, environ = self._worker.cfg, self._environments.of(request, connection)
        if environ is None:
            between = connection.sock, connection.client, connection.server
            response, environ = wsgi.create(request, *between, cfg, response_class=Response)
            environ["wsgi.multithread"] = True
        else:
            response = Response(request, connection.sock, cfg)
        if self._is_last():
            response.force_close()
        return response, environ

    def _is_last(self) -> bool:
        """Count a request. Return True if its connection must close, because the worker stops or keeps none."""
        worker = self._worker
        worker.nr += 1
        if worker.nr >= worker.max_requests and worker.alive:
            worker.log.info("Autorestarting worker after current request.")
            worker.alive = False
        return not (worker.alive and worker.cfg.keepalive)


def _send(response: Response, content: Any) -> None:
    try:
        if isinstance(content, wsgi.FileWrapper):
            response.write_file(content)
        else:
            for piece in content:
                response.write(piece)
        response.close()
    finally:
        if hasattr(content, "close"):
            content.close()
