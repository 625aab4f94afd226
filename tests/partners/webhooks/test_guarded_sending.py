"""The client that sends webhooks, behind the guard: it connects to the checked address, whatever a name says later."""

import socket
from contextlib import closing

import pytest

from partners.webhooks.delivery.sending import send
from tests.partners.webhooks.test_guard import FORBIDDEN, PUBLIC

pytestmark = pytest.mark.usefixtures("connections")
NAME = "hooks.example.com"


@pytest.fixture(scope="module")
def listener():
    """Return the port of a socket of this machine that must never see a connection."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.setblocking(False)
        yield server.getsockname()[1]
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.fixture
def connections(settings, listener, monkeypatch):
    """Return where connections were made to. One to the public address is refused; any other is made."""
    settings.WEBHOOK_PORTS, settings.WEBHOOK_NETWORKS = (443, listener), ()
    made, connect = [], socket.socket.connect

    def noted(self, where):
        made.append(where[0])
        if where[0] == PUBLIC:
            raise ConnectionRefusedError
        connect(self, where)

    monkeypatch.setattr(socket.socket, "connect", noted)
    return made


@pytest.fixture
def names(monkeypatch):
    """Let a test give the name a list of addresses for each lookup."""
    answers, look_up = [], socket.getaddrinfo

    def named(host, port, *args, **kwargs):
        if host != NAME:
            return look_up(host, port, *args, **kwargs)
        kind = socket.SOCK_STREAM, socket.IPPROTO_TCP
        return [(socket.AF_INET, *kind, "", (each, port)) for each in answers.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", named)
    return answers


@pytest.mark.parametrize("address", FORBIDDEN)
def test_a_forbidden_address_gets_no_connection_by_literal(address, listener, connections):
    host = f"[{address}]" if ":" in address else address
    assert send(f"https://{host}:{listener}/", {}, b"{}", 5).fault == "forbidden"
    assert connections == []


@pytest.mark.parametrize("address", FORBIDDEN)
def test_a_forbidden_address_gets_no_connection_by_name(address, listener, connections, names):
    names += [[address]]
    assert send(f"https://{NAME}:{listener}/", {}, b"{}", 5).fault == "forbidden"
    assert connections == []


@pytest.mark.parametrize("address", FORBIDDEN)
def test_a_name_that_changes_after_the_check_changes_nothing(address, listener, connections, names):
    names += [[PUBLIC], [address]]
    assert send(f"https://{NAME}:{listener}/", {}, b"{}", 5).fault == "connection"
    assert (connections, names) == ([PUBLIC], [[address]])
