"""How the server stops: the kernel drops new handshakes, where nobody else accepts on the listener."""

import socket
import sys
from contextlib import suppress
from types import SimpleNamespace

import pytest

from chartero.server import stopping

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the filter is one of Linux")


@pytest.fixture(params=["127.0.0.1", "::1"])
def listener(request):
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    try:
        made = socket.create_server((request.param, 0), family=family)
    except OSError:
        pytest.skip("no IPv6 here")
    with made:
        yield made


def reached(listener):
    """Return True if a new connection is established."""
    with suppress(TimeoutError), socket.create_connection(listener.getsockname()[:2], timeout=0.2):
        return True
    return False


def server(listener, **more):
    """Return a server of gunicorn as far as its end goes."""
    facts = {"systemd": False, "reexec_pid": 0, "master_pid": 0, "LISTENERS": [listener], "stopped": []}
    made = SimpleNamespace(**facts | {"cfg": SimpleNamespace(address=[("127.0.0.1", 8000)], reuse_port=False)} | more)
    made.stop = made.stopped.append
    stopping.close_gently(made)
    return made


def test_a_connection_from_before_is_still_accepted_and_used(listener):
    with socket.create_connection(listener.getsockname()[:2], timeout=5) as before:
        stopping.ignore_handshakes(listener)
        assert not reached(listener)
        accepted, _ = listener.accept()
        with accepted:
            before.sendall(b"a call")
            accepted.sendall(accepted.recv(20) + b", answered")
            assert before.recv(30) == b"a call, answered"


@pytest.mark.parametrize("graceful", [True, False])
def test_new_connections_are_dropped_before_the_processes_are_told_to_stop(listener, graceful):
    ending = server(listener)
    ending.stop(graceful)
    assert (reached(listener), ending.stopped) == (not graceful, [graceful])


@pytest.mark.parametrize(
    "shared",
    [
        {"systemd": True},
        {"reexec_pid": 7},
        {"master_pid": 7},
        {"cfg": SimpleNamespace(address=[3], reuse_port=False)},
        {"cfg": SimpleNamespace(address=[("127.0.0.1", 8000)], reuse_port=True)},
    ],
    ids=["systemd", "new release", "old release", "descriptor", "SO_REUSEPORT"],
)
def test_others_who_accept_on_the_listener_still_get_connections(listener, shared):
    server(listener, **shared).stop()
    assert reached(listener)


def test_a_unix_socket_is_left_alone(tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        listener.listen()
        stopping.ignore_handshakes(listener)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(tmp_path / "socket"))


def test_a_system_without_filters_stops_as_well(listener):
    class Refusing:
        family = socket.AF_INET

        def setsockopt(self, *arguments):
            raise OSError("Protocol not available")

    ending = server(Refusing())
    ending.stop()
    assert ending.stopped == [True]
