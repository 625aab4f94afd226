"""How a web process answers: threads that wait together for what connections send, and answer it themselves.

gunicorn's own threaded worker waits in one thread and answers in others, so that each call wakes threads in turn. Here
the kernel gives a connection that has sent something to one waiting thread, and to no other until that one has answered
(epoll(7), EPOLLONESHOT). All of HTTP is left to gunicorn.
"""

import errno
import math
import os
import select
import socket
import ssl
import struct
import threading
import time
from contextlib import suppress
from typing import Any

from gunicorn.http.parser import RequestParser  # type: ignore[import-untyped]
from gunicorn.workers.base import Worker  # type: ignore[import-untyped]
from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]

from chartero import reading

TICK = 1.0  # seconds between two looks at what is idle
PATIENCE = 5  # seconds that a thread waits for more of a call that has begun, or for a client to take more
LINGER = 2.0  # seconds that a worker that ends waits for calls on connections that are idle
GONE = (BlockingIOError, ConnectionAbortedError)
NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class PoolWorker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threaded worker; where a request cannot be read, or not be answered, the application says so."""

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Answer in place of a request; what is a fault of ours is logged."""
        if isinstance(exc, ssl.SSLError):  # there is nobody to answer over it
            self.log.warning("Invalid request")
            return
        if not reading.is_refused(req, exc):
            self.log.exception("Error handling request")
        try:
            reading.answer(self.wsgi, client, addr, req, exc)
        except Exception:
            self.log.exception("Error handling request")


class Connection(TConn):  # type: ignore[misc]
    """A connection of gunicorn, with our reading of requests. `last`: the next answer closes it, and says so."""

    last = False

    def init(self) -> None:
        if not self.initialized:
            super().init()
            if isinstance(self.parser, RequestParser):
                self.parser: reading.Parser = reading.Parser(self.cfg, self.sock, self.client)


class SharedPollWorker(PoolWorker):
    """A worker of gunicorn in which no thread hands a connection to another. It needs Linux.

    An idle connection is closed after `keepalive` seconds, and the one that has been idle for longest as soon as there
    is no room for another.
    """

    alive: bool

    def init_process(self) -> None:
        self.poll = select.epoll()
        self.once = select.EPOLLIN | select.EPOLLONESHOT
        self.listeners = {each.fileno(): each for each in self.sockets}
        self.connections: dict[int, Any] = {}
        self.idle: dict[int, Any] = {}  # those of them that wait for a call, the longest first
        self.full = False
        self.linger = math.inf
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
        """Take a new connection and wait for what it sends; at `worker_connections`, one that is idle makes room."""
        idle = list(self.idle.values())
        try:
            self._take(listener)
            room = len(self.connections) < self.worker_connections
        except GONE:
            room = True
        except OSError as fault:
            if fault.errno not in NO_ROOM:
                raise
            room = False
        if room and self.alive:
            self.poll.modify(listener, self.once)
        elif not room:
            self.full = True
            for connection in idle[:1]:
                self._end(connection)

    def answer(self, fileno: int) -> None:
        """Answer what a connection has sent, then wait for more or close it. Nobody else closes one."""
        connection, kept = self.connections[fileno], False
        self.idle.pop(fileno, None)
        connection.timeout = None
        try:
            kept = self.handle(connection)
            while kept and connection.parser.unreader.buf.getvalue():
                kept = self.handle(connection)
        finally:
            if kept:
                self._wait(fileno, connection)
                self.poll.modify(fileno, self.once)
            else:
                del self.connections[fileno]
                connection.close(graceful=True)
                if self.full and self.alive:
                    self.full = False
                    self._listen(self.once)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer one call, the last one of a connection that is to make room or has been idle for too long."""
        if conn.last:
            req.force_close()
        return super().handle_request(req, conn)

    def _take(self, listener: Any) -> None:
        client, address = listener.accept()
        connection = Connection(self.cfg, client, address, listener.getsockname())
        connection.data_ready = True
        self.connections[client.fileno()] = connection
        self._wait(client.fileno(), connection)
        self.poll.register(client, self.once)

    def _wait(self, fileno: int, connection: Any) -> None:
        """Give a connection the time of an idle one, and the last place of those that make room."""
        connection.set_timeout()
        self.idle[fileno] = connection

    def _end(self, connection: Any) -> None:
        """Tell the thread that waits for a connection that nothing more comes; a call that has come is answered."""
        connection.last = True
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RD)

    def _tick(self) -> None:
        """Tell gunicorn that the worker lives, and end what has been idle for too long."""
        self.notify()
        if select.select([self.PIPE[0]], [], [], TICK)[0]:
            os.read(self.PIPE[0], 4096)
        now = time.monotonic()
        for connection in list(self.connections.values()):
            if connection.timeout is not None and min(connection.timeout, self.linger) < now:
                self._end(connection)

    def _listen(self, events: int) -> None:
        for fileno in self.listeners:
            self.poll.modify(fileno, events)

    def _finish(self) -> None:
        self._listen(0)
        now = time.monotonic()
        self.linger, until = now + LINGER, now + self.cfg.graceful_timeout
        while self.connections and time.monotonic() < until:
            self._tick()
