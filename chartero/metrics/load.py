"""How busy each process of the server is, noted once a second by its main thread."""

import select
import socket
import struct
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from prometheus_client import CollectorRegistry, Gauge

WAITING = struct.Struct("24xI")  # tcpi_unacked (linux/tcp.h): of a listener, the connections that nobody has accepted


class Load:
    """The gauges of one process. Those of all processes are added up, and gone when a process ends."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        def gauge(name: str, help_text: str, *labels: str, mode: Any = "livesum") -> Gauge:
            return Gauge(f"chartero_server_{name}", help_text, labels, registry=registry, multiprocess_mode=mode)

        gauge("processes", "Processes that serve.").set(1)
        threads = gauge("threads", "Threads that answer calls: busy or idle.", "state")
        self._busy, self._idle = threads.labels("busy"), threads.labels("idle")
        self._connections = gauge("connections", "Connections that are open.")
        self._limit = gauge("connections_limit", "Connections that may be open.")
        self._waiting = gauge("waiting_calls", "Calls that have arrived on open connections and wait for a thread.")
        # The processes share the listener, so each sees the same queue.
        queue = "Connections that the kernel has completed and no process has accepted."
        self._pending = gauge("pending_connections", queue, mode="livemax")

    def note(self, worker: Any) -> None:
        """Note how busy a worker (`SharedPollWorker`) is now."""
        busy = worker.thread_count.at_work
        self._busy.set(busy)
        self._idle.set(max(worker.thread_count.size - busy, 0))
        self._connections.set(len(worker.connections))
        self._limit.set(worker.worker_connections)
        self._waiting.set(readable(list(worker.idle)))
        self._pending.set(sum(map(pending, worker.sockets)))


def readable(filenos: Iterable[int]) -> int:
    """Return on how many of these connections something has arrived."""
    poll = select.poll()
    for fileno in filenos:
        poll.register(fileno, select.POLLIN)
    return sum(bool(event & select.POLLIN) for _, event in poll.poll(0))


def pending(listener: Any) -> int:
    """Return how many connections wait to be accepted; 0 if the system doesn't say so, or the listener is closed."""
    with suppress(OSError):
        number: int = WAITING.unpack(listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, WAITING.size))[0]
        return number
    return 0
