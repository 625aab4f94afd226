"""One attempt, whatever the collector does with it."""

import socket
import threading
import time
from contextlib import contextmanager, suppress

import pytest

from chartero.tracing import posting
from chartero.tracing.posting import Collector, Receipt
from tests.chartero.tracing.receiver import receiving


@contextmanager
def saying(answer: bytes, *, pause=0.0, then=b"", closes=True):
    """Serve one connection: read the head, say something in pieces."""

    def serve():
        accepted, _ = listener.accept()
        with accepted:
            accepted.recv(65536)
            for piece in (answer[i : i + 1] for i in range(len(answer))) if pause else [answer]:
                time.sleep(pause)
                accepted.sendall(piece)
            while then and not over.is_set():
                accepted.sendall(then)
            if not closes:
                over.wait(10)

    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=lambda: suppressed(serve), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        over.set()
        thread.join(5)


def suppressed(work):
    with suppress(OSError):
        work()


def test_a_body_is_sent_with_its_headers_and_path(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x=y")
    with receiving() as receiver:
        for endpoint in (receiver.endpoint, f"{receiver.endpoint}/of/a/tenant"):
            assert Collector(endpoint, {"X-Token": "t"}).take(b"\0body") == Receipt(status=200)
    (path, headers, body), (below, *_) = receiver.requests
    assert (path, below, body) == ("/v1/traces", "/of/a/tenant/v1/traces", b"\0body")
    assert headers.pop("Host") == receiver.endpoint[7:]
    assert headers == {
        "Accept-Encoding": "identity",
        "Content-Length": "5",
        "Content-Type": "application/x-protobuf",
        "Connection": "close",
        "X-Token": "t",
    }


@pytest.mark.parametrize(
    ("status", "taken", "later"),
    [(200, True, False), (204, True, False), (307, False, False), (400, False, False), (401, False, False)]
    + [(status, False, True) for status in (429, 502, 503, 504)],
)
def test_only_a_passing_failure_is_worth_another_attempt(status, taken, later):
    with receiving() as receiver:
        receiver.status = status
        receipt = Collector(receiver.endpoint, {}).take(b"")
    assert (receipt.status, receipt.is_taken, receipt.may_succeed_later) == (status, taken, later)
    assert len(receiver.requests) == 1  # no redirect was followed


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 2", b"HTTP/1.1 999 x", b"SSH-2.0-OpenSSH_9", b"HTTP/2.0 200 OK\r\n"]
)
def test_what_is_no_answer_of_http_is_a_failure(answer):
    with saying(answer) as endpoint:
        receipt = Collector(endpoint, {}).take(b"x")
    assert (receipt.status, receipt.is_taken, receipt.may_succeed_later) == (None, False, True)


def test_the_rest_of_an_answer_is_not_read():
    with saying(b"HTTP/1.1 200 OK\r\n", then=b"x: " + b"y" * 65536) as endpoint:
        assert Collector(endpoint, {}).take(b"x").is_taken


@pytest.mark.parametrize(("answer", "pause"), [(b"HTTP/1.1 200 OK", 0.1), (b"", 0.0)])
def test_a_slow_answer_is_given_up(monkeypatch, answer, pause):
    monkeypatch.setattr(posting, "PATIENCE", 0.5)
    with saying(answer, pause=pause, closes=False) as endpoint:
        begun = time.monotonic()
        assert Collector(endpoint, {}).take(b"x").may_succeed_later
        assert time.monotonic() - begun < 3


def test_nobody_there_and_no_such_name_are_failures():
    for endpoint in ("http://127.0.0.1:9", "http://nowhere.invalid:4318"):
        receipt = Collector(endpoint, {}).take(b"x")
        assert receipt.may_succeed_later
        assert "nowhere" not in str(receipt)


def test_a_collector_without_tls_gets_nothing_over_https():
    with saying(b"HTTP/1.1 200 OK\r\n") as endpoint:
        receipt = Collector(endpoint.replace("http:", "https:"), {"X-Token": "t"}).take(b"x")
    assert (receipt.fault.partition(" ")[0], receipt.is_taken) == ("SSLError", False)


def test_a_header_that_would_break_the_request_is_not_sent():
    with receiving() as receiver:
        assert Collector(receiver.endpoint, {"X": "a\r\nY: b"}).take(b"").fault == "ValueError"
    assert receiver.requests == []
