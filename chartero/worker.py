"""How a web process answers: threads that wait together for what connections send, and answer it themselves.

gunicorn's own threaded worker waits in one thread and answers in others, so that each call wakes threads in turn. Here
the kernel gives a connection that has sent something to one waiting thread, and to no other until that one has answered
(epoll(7), EPOLLONESHOT). All of HTTP is left to gunicorn.
"""

import os
import select
import socket
import struct
import threading
import time
from contextlib import suppress
from typing import Any

from gunicorn.workers.base import Worker  # type: ignore[import-untyped]
from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]

TICK = 1.0  # seconds between two looks at what is idle
PATIENCE = 5  # seconds that a thread waits for more of a call that has begun, or for a client to take more


class SharedPollWorker(ThreadWorker):  # type: ignore[misc]
    """A worker of gunicorn in which no thread hands a connection to another. It needs Linux."""

    alive: bool

    def init_process(self) -> None:
        self.poll = select.epoll()
        self.once = select.EPOLLIN | select.EPOLLONESHOT
        self.listeners = {each.fileno(): each for each in self.sockets}
        self.connections: dict[int, Any] = {}
        self.end = os.eventfd(0)
        Worker.init_process(self)

    # gunicorn's threaded worker would end a pool and wake a queue. Here a signal wakes the main thread by itself.
    handle_exit = Worker.handle_exit
    handle_quit = Worker.handle_quit

    def run(self) -> None:
        """Serve until told to end, then let the calls at hand come to their end (`graceful_timeout`)."""
        for fileno, listener in self.listeners.items():
            listener.setblocking(False)
            for limit in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):  # which the kernel hands on to what is accepted
                listener.setsockopt(socket.SOL_SOCKET, limit, struct.pack("ll", PATIENCE, 0))
            self.poll.register(fileno, self.once)
        self.poll.register(self.end, select.EPOLLIN)
        threads = [threading.Thread(target=self.serve, daemon=True) for _ in range(self.cfg.threads)]
        for thread in threads:
            thread.start()
        while self.alive and self.is_parent_alive():
            self._tick()
            if len(self.connections) < self.worker_connections:
                self._listen(self.once)
        self.alive = False
        self._finish()
        os.eventfd_write(self.end, 1)
        for thread in threads:
            thread.join(TICK)

    def serve(self) -> None:
        """Answer one call after the other, on whichever connection. A thread that fails ends the worker."""
        try:
            while (fileno := self.poll.poll(maxevents=1)[0][0]) != self.end:
                if fileno in self.listeners:
                    self.accept(self.listeners[fileno])
                else:
                    self.answer(fileno)
        except BaseException:
            self.alive = False
            os.write(self.PIPE[1], b".")
            raise

    def accept(self, listener: Any) -> None:
        """Take a new connection and wait for what it sends; beyond `worker_connections`, the next tick takes more."""
        with suppress(BlockingIOError, ConnectionAbortedError):
            client, address = listener.accept()
            connection = TConn(self.cfg, client, address, listener.getsockname())
            connection.data_ready = True
            connection.set_timeout()
            self.connections[client.fileno()] = connection
            self.poll.register(client, self.once)
        if self.alive and len(self.connections) < self.worker_connections:
            self.poll.modify(listener, self.once)

    def answer(self, fileno: int) -> None:
        """Answer what a connection has sent, then wait for more or close it. Nobody else closes one."""
        connection, kept = self.connections[fileno], False
        connection.timeout = None
        try:
            kept = self.handle(connection)
            while kept and connection.parser.unreader.buf.getvalue():
                kept = self.handle(connection)
        finally:
            if kept:
                connection.set_timeout()
                self.poll.modify(fileno, self.once)
            else:
                del self.connections[fileno]
                connection.close(graceful=True)

    def _tick(self) -> None:
        """Tell gunicorn that the worker lives, and a thread that nothing more comes on a connection that is idle."""
        self.notify()
        if select.select([self.PIPE[0]], [], [], TICK)[0]:
            os.read(self.PIPE[0], 4096)
        now = time.monotonic()
        for connection in list(self.connections.values()):
            if connection.timeout is not None and connection.timeout < now:
                with suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RD)

    def _listen(self, events: int) -> None:
        for fileno in self.listeners:
            self.poll.modify(fileno, events)

    def _finish(self) -> None:
        self._listen(0)
        until = time.monotonic() + self.cfg.graceful_timeout
        while self.connections and time.monotonic() < until:
            self._tick()
