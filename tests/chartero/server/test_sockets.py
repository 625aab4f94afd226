"""What a socket sends at once, and what it keeps until the client takes it."""

import select
import socket

import pytest

from chartero.server import sockets
from chartero.server.sockets import LONGEST_UNSENT, LastingSocket


@pytest.fixture
def lasting():
    """Return the client's end of a connection, and ours, which lasts."""
    ours, theirs = socket.socketpair()
    lasting = LastingSocket.of(ours)
    with theirs:
        theirs.settimeout(10)
        yield theirs, lasting
        lasting.end()


def has_arrived(theirs):
    return select.select([theirs], [], [], 0)[0] != []


def test_the_head_of_a_response_leaves_with_the_first_piece_of_its_body(lasting):
    theirs, ours = lasting
    ours.hold()
    ours.sendall(b"head")
    assert not has_arrived(theirs)
    ours.sendall(b"body")
    assert theirs.recv(100) == b"headbody"
    ours.sendall(b"more")
    assert theirs.recv(100) == b"more"


def test_the_head_of_a_response_without_a_body_leaves_at_its_end(lasting):
    theirs, ours = lasting
    ours.hold()
    ours.sendall(b"head")
    ours.release()
    assert theirs.recv(100) == b"head"
    ours.release()
    assert not has_arrived(theirs)


def test_nothing_is_held_back_after_a_response_that_never_began(lasting):
    theirs, ours = lasting
    ours.hold()
    ours.release()
    ours.sendall(b"refusal")
    assert theirs.recv(100) == b"refusal"


def test_the_head_of_a_response_leaves_before_a_file(lasting, tmp_path):
    theirs, ours = lasting
    (tmp_path / "file").write_bytes(b"content")
    ours.hold()
    ours.sendall(b"head")
    with (tmp_path / "file").open("rb") as file:
        ours.sendfile(file)
    assert theirs.recv(4, socket.MSG_WAITALL) + theirs.recv(7, socket.MSG_WAITALL) == b"headcontent"


def test_a_lasting_socket_is_closed_by_its_connection_alone(lasting):
    theirs, ours = lasting
    ours.close()
    ours.sendall(b"a")
    assert theirs.recv(1) == b"a"


def taken(theirs, ours):
    """Return what the client gets while our end sends on."""
    got = b""
    while not ours.send_on():
        got += theirs.recv(65536)
    return got


def test_what_the_client_does_not_take_is_kept_in_order(lasting):
    theirs, ours = lasting
    pieces = [letter * 400_000 for letter in (b"a", b"b")]
    for piece in pieces:
        ours.sendall(piece)
    assert ours.unsent
    got = taken(theirs, ours)
    ours.end()
    assert got + b"".join(iter(lambda: theirs.recv(65536), b"")) == b"".join(pieces)


def test_a_short_file_is_kept_like_other_data(lasting, tmp_path):
    _, ours = lasting
    (tmp_path / "file").write_bytes(b"a" * LONGEST_UNSENT)
    with (tmp_path / "file").open("rb") as file:
        assert ours.sendfile(file, 0, LONGEST_UNSENT) == LONGEST_UNSENT
    assert ours.unsent


@pytest.mark.parametrize("limit", ["LONGEST_UNSENT", "MOST_UNSENT"])
def test_a_thread_waits_if_too_much_would_be_kept(lasting, monkeypatch, limit):
    monkeypatch.setattr(sockets, limit, 1000)
    _, ours = lasting
    ours.settimeout(0.1)
    with pytest.raises(TimeoutError):
        ours.sendall(b"a" * LONGEST_UNSENT)


def test_what_all_keep_is_counted_and_forgotten_at_the_end(lasting):
    _, ours = lasting
    before = LastingSocket._all_unsent
    ours.sendall(b"a" * LONGEST_UNSENT)
    assert LastingSocket._all_unsent == before + len(ours.unsent) > before
    ours.end()
    assert LastingSocket._all_unsent == before


def test_a_client_that_has_gone_is_an_error(lasting):
    theirs, ours = lasting
    ours.sendall(b"a" * LONGEST_UNSENT)
    theirs.close()
    with pytest.raises(BrokenPipeError):
        ours.send_on()
