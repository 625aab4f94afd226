"""Responses are those of gunicorn, byte by byte."""

import re
import socket
from types import SimpleNamespace

import pytest
from gunicorn.config import Config
from gunicorn.http import errors, wsgi
from gunicorn.util import http_date

from chartero.server import configuration, reading, responding

CFG = configuration.Fixed(Config())
DATE = re.compile(rb"\r\nDate: [^\r]+")
USUAL = [("Content-Type", "application/json"), ("X-Request-ID", "req_a"), ("Content-Length", "4")]
REQUESTS = {
    "get": b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "head": b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
    "the last": b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "old": b"GET / HTTP/1.0\r\n\r\n",
}
HEADERS = {
    "usual": USUAL,
    "in lower case": [(name.lower(), value) for name, value in USUAL],
    "others": [*USUAL, ("Set-Cookie", "a"), ("Set-Cookie", "b"), ("X-A", " \xe9\t")],
    "a blank around a value": [("Content-Type", "\ta "), ("Content-Length", " 4 ")],
    "no length": [("Content-Type", "a")],
    "of the connection": [*USUAL, ("Connection", "close"), ("Keep-Alive", "a"), ("Transfer-Encoding", "a")],
    "an upgrade": [("Connection", "upgrade"), ("Upgrade", "websocket")],
}
REFUSED = {
    "a line break": [("Content-Type", "a\r\nX-A: b")],
    "a control character": [("Cache-Control", "a\0")],
    "a value that is no text": [("Content-Type", b"a")],
    "a name with a line break": [("X-A\r\n", "a")],
    "a length that is no number": [("Content-Length", "a")],
}


def sent(kind, data, status, headers):
    """Return the bytes of a response to a request, and if the connection closes after it."""
    unreader = reading.Arrived()
    unreader.unread(data)
    request = reading.Request(CFG, unreader, ("192.0.2.1", 5000))
    ours, theirs = socket.socketpair()
    with theirs:
        with ours:
            response = kind(request, ours, CFG)
            response.start_response(status, headers)
            response.write(b"body")
            response.close()
        return theirs.recv(10_000), response.should_close()


@pytest.mark.parametrize("data", REQUESTS.values(), ids=REQUESTS)
@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize("status", ["200 OK", "204 No Content", "503 Service Unavailable"])
def test_a_response_is_that_of_gunicorn(data, headers, status):
    ours, theirs = (sent(kind, data, status, headers) for kind in (responding.Response, wsgi.Response))
    assert (DATE.sub(b"", ours[0]), ours[1]) == (DATE.sub(b"", theirs[0]), theirs[1])
    assert len(DATE.findall(ours[0])) == 1


@pytest.mark.parametrize("headers", REFUSED.values(), ids=REFUSED)
def test_headers_that_gunicorn_refuses_are_refused(headers):
    for kind in (responding.Response, wsgi.Response):
        with pytest.raises((errors.InvalidResponseHeader, errors.InvalidResponseHeaderName, TypeError, ValueError)):
            sent(kind, REQUESTS["get"], "200 OK", headers)


def test_each_second_has_its_date(monkeypatch):
    for second in (1_800_000_000, 1_800_000_001):
        monkeypatch.setattr(responding.time, "time", lambda now=second: now + 0.9)
        content, _ = sent(responding.Response, REQUESTS["get"], "200 OK", USUAL)
        assert f"Date: {http_date(second)}\r\n".encode() in content


@pytest.mark.parametrize("client", ["", ("192.0.2.1", 5000)])
def test_the_application_may_be_at_a_path_or_behind_a_unix_socket(monkeypatch, client):
    request = SimpleNamespace(is_plain=True)
    if client:
        monkeypatch.setenv("SCRIPT_NAME", "/at")
    assert responding.Environments(CFG).of(request, SimpleNamespace(client=client)) is None
