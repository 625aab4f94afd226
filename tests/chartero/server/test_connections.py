"""What a connection keeps of a call until it has come whole."""

import socket
import time

import pytest
from gunicorn.config import Config

from chartero.server import connections
from chartero.server.connections import LONGEST, Connection

CALL = b"GET /external/v1/encounters HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture
def client():
    """Return the client's end of a connection; `ours` is the other."""
    mine, theirs = socket.socketpair()
    with theirs, mine:
        theirs.settimeout(10)
        yield theirs, Connection(Config(), mine, ("127.0.0.1", 1), ("127.0.0.1", 2))


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
        (b"POST /admin/ HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n", True),
        (b"POST /admin/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", True),
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


def test_more_than_is_kept_is_a_thread_s_business(client):
    theirs, connection = client
    taken = 0
    while not connection.gather():
        taken += theirs.send(b"a" * 4096)
        assert taken <= 2 * LONGEST
    assert taken > LONGEST


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


def test_a_client_that_has_gone_is_over_and_one_that_left_half_a_call_is_not(client):
    theirs, connection = client
    theirs.sendall(CALL[:7])
    connection.gather()
    theirs.shutdown(socket.SHUT_WR)
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


def test_a_leaving_client_has_time_to_close_and_its_data_is_discarded(client):
    theirs, connection = client
    connection.leave()
    assert theirs.recv(1) == b""
    theirs.sendall(b"more")
    assert connection.has_left() is False
    theirs.close()
    assert connection.has_left() is True


def test_the_rest_of_a_long_call_is_not_waited_for_however_steadily_it_comes(client, monkeypatch):
    monkeypatch.setattr(connections, "REST", 0.2)
    theirs, connection = client
    theirs.sendall(b"POST /admin/ HTTP/1.1\r\nContent-Length: 9000000\r\n\r\n" + b"a" * LONGEST)
    while not connection.gather():
        pass
    connection.hand_over()
    request = next(connection.parser)
    request.body.read(LONGEST)
    time.sleep(0.3)
    theirs.sendall(b"a")
    with pytest.raises(TimeoutError):
        request.body.read(1)


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
