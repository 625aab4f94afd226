"""Requests that the production server cannot read: under `/external/` the contract's body, elsewhere a calm word."""

import json
import re
import socket
from http.client import HTTPResponse

import pytest

from chartero.paths import LONGEST_BODY
from chartero.server.connections import LONGEST_HEAD
from tests.server.deployment import Answer, Deployment
from tests.server.test_worker import call

pytestmark = pytest.mark.server
HOST = b"Host: 127.0.0.1"
LIST = b"/external/v1/encounters"
LONG = b"x" * 9000
# The method, the target and the version, and the headers.
LINES = {
    "a long request line": (b"GET", LIST + b"?" + LONG, b"HTTP/1.1"),
    "a long path": (b"GET", b"/external/" + LONG, b"HTTP/1.1"),
    "raw UTF-8 in the path": (b"GET", b"/external/v1/\xc3\xa9", b"HTTP/1.1"),
    "a control character in the path": (b"GET", b"/external/v1/\x01", b"HTTP/1.1"),
    "another version": (b"GET", LIST, b"HTTP/2.9"),
    "no version": (b"GET", LIST, b"x"),
    "a method in lower case": (b"get", LIST, b"HTTP/1.1"),
    "a method that is none": (b"G@T", LIST, b"HTTP/1.1"),
    "no path": (b"GET", b"nothing", b"HTTP/1.1"),
    "a host for a path": (b"GET", b"example.com:443", b"HTTP/1.1"),
}
HEADERS = {
    "a long header": [b"X-A: " + LONG],
    "a long token": [b"Authorization: Bearer " + LONG],
    "many headers": [b"X-%d: a" % number for number in range(101)],
    "a control character": [b"X-A: a\x00b"],
    "a bare line feed": [b"X-A: a\nX-B: b"],
    "a folded header": [b"X-A: a", b" b"],
    "a header without a name": [b": a"],
    "a header without a colon": [b"X-A"],
    "a blank in a name": [b"X A: a"],
    "two hosts": [HOST],
    "no number of bytes": [b"Content-Length: x"],
    "a negative number of bytes": [b"Content-Length: -1"],
    "two numbers of bytes": [b"Content-Length: 1", b"Content-Length: 2"],
    "a number of 5,000 digits": [b"Content-Length: " + b"9" * 5000],
    "an unknown coding": [b"Transfer-Encoding: x"],
    "two lengths": [b"Transfer-Encoding: chunked", b"Content-Length: 1"],
    "an expectation": [b"Expect: x"],
}
CASES = {name: (line, []) for name, line in LINES.items()} | {
    name: ((b"GET", LIST, b"HTTP/1.1"), headers) for name, headers in HEADERS.items()
}


def sent(server, line, headers=()) -> Answer:
    """Send a request that cannot be read; return the one answer, after which the connection ends."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as wire:
        wire.sendall(b"\r\n".join([b" ".join(line), HOST, *headers, b"", b""]))
        response = HTTPResponse(wire, method="HEAD" if line[0] == b"HEAD" else "GET")
        response.begin()
        answer = Answer(response.status, dict(response.getheaders()), response.read())
        assert wire.recv(1) == b""
    return answer


def as_published(answer, method="GET"):
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Content-Length"].isdecimal()
    assert answer.headers["Connection"] == "close"
    assert re.fullmatch(r"req_[0-9A-Za-z]{22}", answer.headers["X-Request-ID"])
    return answer.as_published(method, LIST.decode())


@pytest.mark.parametrize(("line", "headers"), CASES.values(), ids=CASES)
def test_a_call_that_cannot_be_read_gets_the_body_of_the_contract(served, line, headers):
    answer = as_published(sent(served, line, headers))
    assert (answer.status, answer.json()["reason_code"], answer.json()["field"]) == (400, "bad_request", None)


@pytest.mark.parametrize("target", [b"/external", b"/%65xternal/x", b"http://127.0.0.1/external/v1/encounters"])
def test_a_path_of_the_api_is_known_however_it_is_written(served, target):
    assert as_published(sent(served, (b"GET", target, b"HTTP/1.1"), [b"Expect: x"])).status == 400


def test_bytes_that_are_no_request_get_it_too(served):
    assert as_published(sent(served, (b"\x16\x03\x01\x02\x00",))).status == 400


def test_head_gets_no_body(served):
    answer = as_published(sent(served, (b"HEAD", LIST, b"HTTP/1.1"), [b"Expect: x"]), "HEAD")
    assert (answer.status, answer.body) == (400, b"")


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        (b"/admin/?" + LONG, [], 414),
        (b"/admin/", HEADERS["a long header"], 431),
        (b"/docs/", HEADERS["many headers"], 431),
        (b"/", HEADERS["an expectation"], 417),
        (b"/externals", HEADERS["a control character"], 400),
        (b"/healthz", HEADERS["an unknown coding"], 501),
    ],
)
def test_elsewhere_a_calm_word_is_enough(served, target, headers, status):
    answer = sent(served, (b"GET", target, b"HTTP/1.1"), headers)
    assert (answer.status, answer.body.split()[0]) == (status, b"%d" % status)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert int(answer.headers["Content-Length"]) == len(answer.body)


def test_a_body_that_breaks_off_gets_one_answer(served):
    chunks = [b"Transfer-Encoding: chunked", b"Content-Type: application/x-www-form-urlencoded", b"", b"zz"]
    assert sent(served, (b"GET", LIST, b"HTTP/1.1"), chunks).status == 401
    assert sent(served, (b"POST", b"/admin/login/", b"HTTP/1.1"), chunks).status == 403


def test_a_big_body_is_answered_and_never_read_to_its_end(served):
    token = b"Authorization: Bearer " + served.tokens["good"].encode()
    answer = sent(served, (b"GET", LIST, b"HTTP/1.1"), [token, b"Content-Length: 1000000000", b"", b"x" * 500_000])
    assert answer.status == 200


@pytest.mark.parametrize("kind", [b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=x"])
def test_a_form_that_is_too_long_is_refused_before_it_comes(served, kind):
    headers = [b"Content-Type: " + kind, b"Content-Length: %d" % (LONGEST_BODY + 1)]
    assert sent(served, (b"POST", b"/admin/login/", b"HTTP/1.1"), headers).status == 413


def test_a_call_with_a_head_that_does_not_end_gets_the_body_of_the_contract(served):
    lines = [b"X-%d: %s" % (number, b"a" * 4000) for number in range(LONGEST_HEAD // 4000 + 1)]
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as wire:
        wire.sendall(b"\r\n".join([b"GET " + LIST + b" HTTP/1.1", HOST, *lines]))
        response = HTTPResponse(wire)
        response.begin()
        answer = Answer(response.status, dict(response.getheaders()), response.read())
    assert as_published(answer).json()["reason_code"] == "bad_request"


@pytest.fixture
def logging(served, tmp_path):
    """A server, and what it has logged beside its start."""
    log = tmp_path / "server.log"
    with Deployment(served.environment, log=log).serving(CHARTERO_WORKERS="1") as server:
        yield (
            server,
            lambda: [
                json.loads(line) for line in log.read_text().splitlines() if '"info"' not in line and line[0] == "{"
            ],
        )


def test_it_is_one_line_in_the_log_that_the_request_id_leads_to(logging):
    server, lines = logging
    answer = sent(server, (b"GET", LIST, b"HTTP/1.1"), [b"Expect: Invented-Patient"])
    (line,) = lines()
    assert (line["level"], line["event"], line["status"]) == ("warning", "Invalid request", 417)
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert "Invented" not in str(line)


def test_who_sends_half_a_call_writes_nothing_into_the_log(logging):
    server, lines = logging
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as wire:
        wire.sendall(call("/external/v1/encounters")[:30])
        assert wire.recv(12) == b"HTTP/1.1 408"
    assert lines() == []


@pytest.mark.parametrize("path", ["/external/v1/encounters", "/admin/login/"])
def test_what_the_application_fails_to_answer_is_answered_too(served, path):
    with Deployment(served.environment).serving("tests.server.failing") as failing:
        answer = sent(failing, (b"GET", path.encode(), b"HTTP/1.1"))
    if path.startswith("/external"):
        assert as_published(answer).json()["reason_code"] == "internal_error"
    assert answer.status == 500
