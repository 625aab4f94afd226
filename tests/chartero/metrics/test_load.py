"""How busy a process is: what the gauges say about its threads, connections and queues."""

import socket
from types import SimpleNamespace

from prometheus_client import CollectorRegistry, generate_latest

from chartero.metrics.load import Load, pending, readable
from chartero.server.threads import ThreadCount
from tests.chartero.metrics.scraped import Scraped


def test_a_listener_says_how_many_wait_for_it():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        clients = [socket.create_connection(listener.getsockname()) for _ in range(3)]
        assert pending(listener) == 3
        listener.accept()[0].close()
        assert pending(listener) == 2
        for client in clients:
            client.close()
    assert pending(listener) == 0


def test_connections_on_which_something_has_arrived_are_counted():
    pairs = [socket.socketpair() for _ in range(3)]
    for ours, _ in pairs[:2]:
        ours.send(b"GET")
    assert readable(theirs.fileno() for _, theirs in pairs) == 2
    for ours, theirs in pairs:
        ours.close()
        theirs.close()


def test_what_a_worker_does_is_told():
    registry = CollectorRegistry()
    threads = ThreadCount(4)
    threads.begin()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        worker = SimpleNamespace(
            thread_count=threads, connections={1: None, 2: None}, idle={}, sockets=[listener], worker_connections=100
        )
        Load(registry).note(worker)
    found = Scraped(generate_latest(registry))
    assert found("chartero_server_processes") == 1
    assert (found("chartero_server_threads", state="busy"), found("chartero_server_threads", state="idle")) == (1, 3)
    assert (found("chartero_server_connections"), found("chartero_server_connections_limit")) == (2, 100)
    assert (found("chartero_server_waiting_calls"), found("chartero_server_pending_connections")) == (0, 0)
