"""Plain heads are read as gunicorn's parser reads them, and all others are left to it."""

from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http import errors, message, wsgi
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chartero.server import configuration, heads, reading
from chartero.server.responding import Environments

CALL = b"GET /external/v1/encounters?limit=1 HTTP/1.1\r\nHost: a.example\r\nAuthorization: Bearer x\r\n\r\n"
LONGEST = 8190  # bytes of a line: the limit of gunicorn


class LineByLine(reading.Request):
    """A request as gunicorn's parser reads it."""

    parse = message.Request.parse


@pytest.fixture(scope="module")
def cfg():
    return configuration.Fixed(Config())


def read(kind: Any, cfg: Any, data: bytes) -> Any:
    """Return a request, or the error that refuses the data, and what is left of them."""
    unreader = reading.Arrived()
    unreader.unread(data)
    try:
        request = kind(cfg, unreader, ("192.0.2.1", 5000))
    except (errors.ParseException, errors.NoMoreData, StopIteration) as fault:
        return fault, b""
    return request, unreader.take_buffered()


def told(cfg: Any, outcome: Any) -> Any:
    """Return all that can be known of a request, or of an error."""
    request, left = outcome
    if isinstance(request, Exception):
        return type(request), str(request), getattr(request, "begun", b"")
    connection = SimpleNamespace(sock=None, client=("192.0.2.1", 5000), server=("192.0.2.2", 80))
    between = connection.sock, connection.client, connection.server
    expected = wsgi.create(request, *between, cfg)[1] | {"wsgi.multithread": True}
    environ = Environments(cfg).of(request, connection) or expected
    of_each = {"wsgi.early_hints", "wsgi.errors", "wsgi.input"}
    facts = {
        name: value for name, value in vars(request).items() if name not in {"unreader", "body", "begun", "is_plain"}
    }
    kept = {name: value for name, value in environ.items() if name not in of_each}
    body = type(request.body), type(request.body.reader), getattr(request.body.reader, "length", None)
    return facts, kept, body, environ.keys() & {"wsgi.errors", "wsgi.input"}, request.should_close(), left


def is_read_alike(cfg: Any, data: bytes) -> Any:
    ours, theirs = (read(kind, cfg, data) for kind in (reading.Request, LineByLine))
    assert told(cfg, ours) == told(cfg, theirs)
    return getattr(ours[0], "is_plain", False)


PLAIN_HEADERS = st.sampled_from(
    [
        b"Host: a.example",
        b"Authorization: Bearer x",
        b"authorization:Basic y\t",
        b"Accept:",
        b"X-A: \xff\xa0 a\tb\x85",
        b"Content-Type: a/b",
        b"Connection: close",
        b"Connection: Keep-Alive",
        b"Upgrade: h2c",
        b"!#$%&'*+-.^`|~09azAZ: :",
    ]
)
OTHER_HEADERS = st.sampled_from(
    [
        b"HOST: b",
        b"Content-Length: 0",
        b"content-length: 3",
        b"Transfer-Encoding: chunked",
        b"Expect: 100-continue",
        b"X_A: a",
        b"X A: a",
        b"X-A : a",
        b" a",
        b"X-A",
        b": a",
        b"X-\xe9: a",
        b"X-A: a\x00",
        b"X-A: a\x7f",
        b"X-A: a\rb",
        b"X-A: a\nX-B: b",
        b"content-type: a/b",
    ]
)
TARGETS = st.sampled_from(
    [
        *rb"""/ /a?b=c&d /%65x%C3%A9 /a;b?c?d /a:b@c//d /? /% /"<>\^`{|}~ /[ //a/b /a#b * a:80 http://a/b""".split(),
        *[b"/a b", b"/\xe9", b"/a\x00", b""],
    ]
)
LINES = st.one_of(
    st.builds(lambda target: b"GET " + target + b" HTTP/1.1", TARGETS),
    st.sampled_from([b"HEAD / HTTP/1.1", b"POST / HTTP/1.1", b"get / HTTP/1.1", b"GET / HTTP/1.0", b"GET / HTTP/1.1 "]),
)
EDITS = st.tuples(
    st.integers(0, 150),
    st.integers(0, 2),
    st.sampled_from([b"", b"\r", b"\n", b"\r\n", b" ", b":", b"\0", b"\xe9", b"#", b"a"]),
)


@st.composite
def requests(draw: Any) -> bytes:
    """Return a request, plain or not, with a few bytes changed, and what may follow it."""
    line = draw(st.one_of(st.just(b"GET /external/v1/encounters?limit=1 HTTP/1.1"), LINES))
    headers = draw(st.lists(PLAIN_HEADERS, max_size=6)) + draw(st.lists(OTHER_HEADERS, max_size=1))
    data = b"\r\n".join([line, *headers, b"", draw(st.sampled_from([b"", b"abc", CALL]))])
    for place, removed, put in draw(st.one_of(st.just([]), st.lists(EDITS, max_size=2))):
        data = data[:place] + put + data[place + removed :]
    return data


@settings(max_examples=200)
@given(data=requests())
@example(CALL)
@example(CALL + CALL)
@example(b"\r\n" + CALL)
@example(CALL[:-1])
def test_any_request_is_read_as_gunicorn_reads_it(cfg, data):
    is_read_alike(cfg, data)


PLAIN = {
    "a call": CALL,
    "a call before another": CALL + CALL,
    "any method that asks": CALL.replace(b"GET", b"HEAD"),
    "a repeated header": CALL[:-2] + b"Authorization: Basic y\r\naccept:\r\nAccept: a\r\n\r\n",
    "a value of any bytes": CALL[:-2] + b"X-A: \xff\xa0\x85\r\n\r\n",
    "a colon in a value": CALL[:-2] + b"X-A: http://a.example\r\n\r\n",
    "an escaped path": CALL.replace(b"external", b"%65xternal%C3%A9%00"),
    "a type without a body": CALL[:-2] + b"Content-Type: application/json\r\n\r\n",
    "the end of the connection": CALL[:-2] + b"Connection: close\r\n\r\n",
    "many headers": CALL[:-2] + b"X-A: a\r\n" * 98 + b"\r\n",
}
NOT_PLAIN = {
    "a body": CALL[:-2] + b"Content-Length: 3\r\n\r\nabc",
    "a body in chunks": CALL[:-2] + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an expectation": CALL[:-2] + b"Expect: 100-continue\r\n\r\n",
    "a control character": CALL[:-2] + b"X-A: a\x7f\r\n\r\n",
    "two hosts": CALL[:-2] + b"Host: b.example\r\n\r\n",
    "two types": CALL[:-2] + b"Content-Type: a/b\r\nContent-Type: a/b\r\n\r\n",
    "a name that could hide another": CALL[:-2] + b"X_Forwarded_For: 192.0.2.1\r\n\r\n",
    "another version": CALL.replace(b"1.1", b"1.0"),
    "a whole URL": CALL.replace(b"/external", b"http://a.example/external"),
    "a fragment": CALL.replace(b" HTTP", b"#a HTTP"),
    "a path that looks like a host": CALL.replace(b"/external", b"//external"),
    "too many headers": CALL[:-2] + b"X-A: a\r\n" * 99 + b"\r\n",
    "a long head": CALL[:-2] + b"X-A: " + b"a" * LONGEST + b"\r\n\r\n",
    "no header": b"GET / HTTP/1.1\r\n\r\n",
    "half a call": CALL[:-1],
    "nothing": b"",
}


@pytest.mark.parametrize("data", PLAIN.values(), ids=PLAIN)
def test_a_plain_head_is_read_in_one_step(cfg, data):
    assert is_read_alike(cfg, data)


@pytest.mark.parametrize("data", NOT_PLAIN.values(), ids=NOT_PLAIN)
def test_any_other_is_left_to_gunicorn(cfg, data):
    assert not is_read_alike(cfg, data)


def test_lower_limits_hold():
    assert heads.plain(CALL, len(CALL), 2) is not None
    assert heads.plain(CALL, len(CALL) - 1, 2) is None
    assert heads.plain(CALL, len(CALL), 1) is None
