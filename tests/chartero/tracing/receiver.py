"""A collector of traces for tests: it keeps every byte that it gets, and answers as it is told."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODULE = "opentelemetry.proto.collector.trace.v1.trace_service_pb2"
SERVER, ERROR = 2, 2  # SPAN_KIND_SERVER, STATUS_CODE_ERROR


@dataclass
class Seen:
    """A span as it was received, with its attributes and those of its process by name."""

    span: Any
    attributes: dict[str, Any]
    process: dict[str, Any]

    @property
    def seconds(self):
        return (self.span.end_time_unix_nano - self.span.start_time_unix_nano) / 1e9


@dataclass
class Receiver:
    """What came, and how the next requests are answered: with a status, after some seconds."""

    endpoint: str = ""
    status: int = 200
    pause: float = 0.0
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def spans(self) -> list[Seen]:
        return [span for _, _, body in list(self.requests) for span in decoded(body)]

    def calls(self) -> list[Seen]:
        return [each for each in self.spans() if each.span.kind == SERVER]

    def bytes(self) -> bytes:
        return b"".join(f"{path} {headers}".encode() + body for path, headers, body in self.requests)

    def until(self, number: int, seconds=15.0) -> list[Seen]:
        """Wait for so many calls, and return them."""
        end = time.monotonic() + seconds
        while len(found := self.calls()) < number:
            assert time.monotonic() < end, f"{len(found)} of {number} calls came"
            time.sleep(0.05)
        return found


def decoded(body: bytes) -> Iterator[Seen]:
    import importlib

    request = importlib.import_module(MODULE).ExportTraceServiceRequest.FromString(body)
    for process in request.resource_spans:
        for scope in process.scope_spans:
            for span in scope.spans:
                yield Seen(span, values(span.attributes), values(process.resource.attributes))


def values(attributes):
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(receiver.pause)
            receiver.requests.append((self.path, dict(self.headers.items()), body))
            self.send_response(receiver.status)
            self.send_header("Location", f"{receiver.endpoint}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.endpoint = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield receiver
        finally:
            server.shutdown()
