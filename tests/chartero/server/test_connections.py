"""What a connection keeps of a call until it has come whole."""

import math
import socket
import time

import pytest
from django.conf import settings
from gunicorn.config import Config

from chartero.paths import LONGEST_BODY, LONGEST_FILE
from chartero.server import connections, reading
from chartero.server.configuration import Fixed
from chartero.server.connections import CONTINUE, LONGEST_HEAD, Connection
from chartero.server.sockets import LONGEST_UNSENT, LastingSocket

CALL = b"GET /external/v1/encounters HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture
def client():
    """Return the client's end of a connection; `ours` is the other."""
    mine, theirs = socket.socketpair()
    with theirs:
        theirs.settimeout(10)
        connection = Connection(Config(), LastingSocket.of(mine), ("127.0.0.1", 1), ("127.0.0.1", 2))
        yield theirs, connection
        connection.close()


@pytest.mark.parametrize(
    ("sent", "whole"),
    [
        (CALL, True),
        (CALL[:-1], False),
        (b"G", False),
        (CALL + CALL[:5], True),
        (b"POST /admin/ HTTP/1.1\r\nContent-Length: 3\r\n\r\nab", False),
        (b"POST /admin/ HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", True),
        (b"POST /admin/ HTTP/1.1\r\ncontent-length:3\t\r\n\r\n", False),
        (b"POST /admin/ HTTP/1.1\r\nContent-Length: 0\r\n\r\n", True),
        (b"POST /external/v1/encounters HTTP/1.1\r\nContent-Length: 3\r\n\r\n", True),
        (b"POST /admin/ HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", True),
        (b"POST /admin/ HTTP/1.1\r\nContent-Length: x\r\n\r\n", True),
        (b"POST /admin/ HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n", False),
        (b"POST /admin/ HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc", True),
        (b"POST /admin/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", True),
        (b"POST /admin/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", True),
        (b"POST /admin/ HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % LONGEST_BODY, False),
        (b"POST /admin/ HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (LONGEST_BODY + 1), True),
        (b"POST /admin/leaks/ HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (LONGEST_FILE + LONGEST_BODY), False),
        (b"POST /admin/leaks/ HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (LONGEST_FILE + LONGEST_BODY + 1), True),
    ],
)
def test_a_thread_takes_over_once_it_need_not_wait(client, sent, whole):
    theirs, connection = client
    theirs.sendall(sent)
    assert connection.gather() is whole
    assert connection.begun == sent


def test_what_comes_in_pieces_is_put_together(client):
    theirs, connection = client
    for piece in (CALL[:9], CALL[9:-2]):
        theirs.sendall(piece)
        assert connection.gather() is False
    assert connection.gather() is False
    theirs.sendall(CALL[-2:])
    assert connection.gather() is True


def test_no_more_is_taken_than_the_call_at_hand(client):
    theirs, connection = client
    theirs.sendall(CALL)
    assert connection.gather() is True
    theirs.sendall(CALL)
    assert connection.gather() is True
    assert connection.begun == CALL


def test_a_head_that_does_not_end_is_refused(client):
    theirs, connection = client
    taken = 0
    while not connection.gather():
        assert connection.fault is None
        taken += theirs.send(b"a" * 4096)
        assert taken <= 2 * LONGEST_HEAD
    assert taken > LONGEST_HEAD
    assert connection.fault is reading.TooLong


def test_the_longest_form_of_a_page_is_gathered_whole(client):
    assert settings.DATA_UPLOAD_MAX_MEMORY_SIZE == LONGEST_BODY
    theirs, connection = client
    theirs.sendall(b"POST /admin/ HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % LONGEST_BODY)
    taken = 0
    while not connection.gather():
        taken += theirs.send(b"a" * min(4096, LONGEST_BODY - taken))
    connection.hand_over()
    assert next(connection.parser).body.read() == b"a" * taken
    assert taken == LONGEST_BODY


@pytest.mark.parametrize(
    ("line", "header", "sent"),
    [
        (b"POST /admin/ HTTP/1.1", b"Expect: 100-continue", CONTINUE),
        (b"POST /admin/ HTTP/1.1", b"expect:100-Continue ", CONTINUE),
        (b"POST /admin/ HTTP/1.0", b"Expect: 100-continue", b""),
        (b"POST /admin/ HTTP/1.1", b"X-Expect: 100-continue", b""),
        (b"POST /external/v1/key HTTP/1.1", b"Expect: 100-continue", b""),
    ],
)
def test_a_client_that_waits_is_asked_for_its_body_once(client, line, header, sent):
    theirs, connection = client
    theirs.sendall(line + b"\r\nContent-Length: 3\r\n" + header + b"\r\n\r\n")
    connection.gather()
    theirs.sendall(b"a")
    connection.gather()
    connection.sock.shutdown(socket.SHUT_WR)
    assert theirs.recv(100) == sent


def test_the_parser_gets_everything_and_returns_the_rest(client):
    theirs, connection = client
    theirs.sendall(CALL + CALL[:7])
    connection.gather()
    connection.hand_over()
    assert next(connection.parser).path == "/external/v1/encounters"
    assert connection.take_back() is False
    assert connection.begun == CALL[:7]
    theirs.sendall(CALL[7:])
    assert connection.gather() is True


@pytest.mark.parametrize("sent", [CALL[:7], b"POST /admin/ HTTP/1.1\r\nContent-Length: 3\r\n\r\nab"])
def test_a_client_that_left_half_a_call_is_over(client, sent):
    theirs, connection = client
    theirs.sendall(sent)
    connection.gather()
    theirs.shutdown(socket.SHUT_WR)
    assert (connection.gather(), connection.is_over) == (True, True)


def test_a_client_that_sent_a_whole_call_and_left_is_answered(client):
    theirs, connection = client
    theirs.sendall(CALL)
    theirs.shutdown(socket.SHUT_WR)
    assert (connection.gather(), connection.is_over) == (True, False)


def test_a_call_that_is_late_is_not_over(client):
    theirs, connection = client
    theirs.sendall(CALL[:7])
    connection.gather()
    connection.end_if_slow(time.monotonic() + connections.PATIENCE, math.inf)
    assert (connection.gather(), connection.is_over) == (True, False)


def test_a_client_that_has_sent_nothing_and_gone_is_over(client):
    theirs, connection = client
    theirs.shutdown(socket.SHUT_WR)
    assert (connection.gather(), connection.is_over) == (True, True)


def test_a_call_that_has_begun_is_too_slow_once_its_time_is_over(client):
    theirs, connection = client
    assert not connection.is_too_slow(time.monotonic() + 1000)
    theirs.sendall(CALL[:7])
    connection.gather()
    assert not connection.is_too_slow(time.monotonic())
    assert connection.is_too_slow(time.monotonic() + connections.PATIENCE)


@pytest.mark.parametrize(
    ("sent", "ends"), [(b"", True), (b"a" * LONGEST_UNSENT, False)], ids=["idle", "takes its answer"]
)
def test_a_stopping_worker_ends_idle_connections_alone(client, sent, ends):
    _, connection = client
    connection.set_timeout()
    connection.sock.sendall(sent)
    connection.end_if_slow(time.monotonic() + 1, time.monotonic())
    assert connection.last is ends


def test_a_leaving_client_has_time_to_close_and_its_data_is_discarded(client):
    theirs, connection = client
    connection.leave()
    assert theirs.recv(1) == b""
    theirs.sendall(b"more")
    assert connection.has_left() is False
    theirs.close()
    assert connection.has_left() is True


def test_nobody_waits_for_more_than_has_arrived(client):
    theirs, connection = client
    theirs.sendall(b"POST /external/v1/key HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc")
    assert connection.gather() is True
    connection.hand_over()
    assert next(connection.parser).body.read() == b"abc"


def test_an_empty_line_does_not_begin_a_call(client):
    theirs, connection = client
    theirs.sendall(b"\r\n")
    assert connection.gather() is False
    assert not connection.is_too_slow(time.monotonic() + 1000)
    theirs.sendall(CALL + b"\r\n")
    assert connection.gather() is True
    connection.hand_over()
    next(connection.parser)
    assert (connection.take_back(), connection.begun) == (False, b"")


def test_the_fixed_configuration_says_what_that_of_gunicorn_says():
    changing = Config()
    changing.set("keepalive", 7)
    fixed = Fixed(changing)
    assert (fixed.keepalive, fixed.is_ssl, fixed.worker_class_str) == (7, False, "sync")
    with pytest.raises(AttributeError):
        _ = fixed.nothing
