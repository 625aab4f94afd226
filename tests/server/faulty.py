"""A network and a service that fail: a proxy before the API, whose next calls meet one fault after another."""

import http.client
import json
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DROPPED, DELAYED, CUT, CUT_REFUSAL, NO_JSON = "dropped", "delayed", "cut", "cut refusal", "no json"
SECONDS = 4  # how long a delayed answer takes
ERROR = "api_key_validation_failed"


@dataclass(frozen=True)
class Refused:
    """An answer in place of the API's."""

    status: int
    code: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        return json.dumps({"error": ERROR, "reason_code": self.code, "message": "m", "field": None}).encode()


class Faulty(ThreadingHTTPServer):
    """Passes each call on to a port; `faults` says what happens to the next ones, `paths` and `times` to all."""

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.upstream = port
        self.faults: list[object] = []
        self.paths: list[str] = []
        self.keys: set[str] = set()
        self.times: list[float] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = self.server
        server.paths.append(self.path)
        server.times.append(time.monotonic())
        server.keys.add(self.headers["Authorization"])
        fault = server.faults.pop(0) if server.faults else None
        if callable(fault):
            fault()
        if fault == DROPPED:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif fault == CUT_REFUSAL:
            self.send(401, {}, Refused(401, "invalid_key").body, cut=True)
        elif fault == NO_JSON:
            self.send(200, {}, b"<html>Welcome to the guest network</html>")
        elif isinstance(fault, Refused):
            self.send(fault.status, fault.headers, fault.body)
        else:
            self.pass_on(fault)

    def pass_on(self, fault: object) -> None:
        """Ask the API; keep its answer back for a while, or send half of it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.upstream, timeout=30)
        connection.request("GET", self.path, headers={"Authorization": self.headers["Authorization"]})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if fault == DELAYED:
            time.sleep(SECONDS)
        kept = {name: value for name, value in answer.getheaders() if name in ("Retry-After", "X-Request-ID")}
        self.send(answer.status, kept, body, cut=fault == CUT)

    def send(self, status: int, headers: dict[str, str], body: bytes, *, cut: bool = False) -> None:
        try:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if cut else body)
        except OSError:
            pass  # who waited has gone

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def faulty(port: int):
    """Run the proxy before the API at `port`."""
    with Faulty(port) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()
