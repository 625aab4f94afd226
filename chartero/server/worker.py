"""How a web process answers calls: its threads wait together for connections, and each answers what it gets.

gunicorn's own threaded worker waits in one thread and answers in others, so each call wakes several threads. Here, the
kernel gives a connection with data to one waiting thread, and to no other until that thread has answered (epoll(7),
EPOLLONESHOT). An incomplete call goes back to the kernel. gunicorn handles all of HTTP.
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

from django.conf import settings
from django.db import connections
from gunicorn.workers.base import Worker  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from chartero.server import reading
from chartero.server.connections import Connection
from chartero.server.crew import Crew

TICK = 1.0  # seconds between two checks of idle connections
GLANCE = 0.05  # seconds between two checks of blocked threads
PATIENCE = 5  # seconds that a thread waits for a client to send or to accept more data
LINGER = 2.0  # seconds that a stopping worker waits for calls on idle connections
GONE = (BlockingIOError, ConnectionAbortedError)
NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class PoolWorker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threaded worker, but the application responds to requests that can't be read or answered."""

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Respond to a failed request. Log the error if it is ours."""
        if isinstance(exc, ssl.SSLError):  # there is no connection for a response
            self.log.warning("Invalid request")
            return
        if not reading.is_refused(req, exc):
            self.log.exception("Error handling request")
        try:
            reading.answer(self.wsgi, client, addr, req, exc)
        except Exception:
            self.log.exception("Error handling request")


class SharedPollWorker(PoolWorker):
    """A worker of gunicorn whose threads never pass a connection to each other. It needs Linux.

    An idle connection is closed after `keepalive` seconds. If there is no room for a new connection, the one that has
    been idle longest is closed.
    """

    alive: bool

    def init_process(self) -> None:
        self.poll = select.epoll()
        self.once = select.EPOLLIN | select.EPOLLONESHOT
        self.listeners = {each.fileno(): each for each in self.sockets}
        self.connections: dict[int, Connection] = {}
        self.idle: dict[int, Connection] = {}  # those that wait for a call, the longest first
        self.threads: set[threading.Thread] = set()
        self.full = False
        self.linger = math.inf
        self.next_look = 0.0
        self.end = os.eventfd(0)
        Worker.init_process(self)

    # gunicorn's threaded worker would stop a pool and wake a queue. Here, a signal wakes the main thread.
    handle_exit = Worker.handle_exit
    handle_quit = Worker.handle_quit

    def run(self) -> None:
        """Serve until told to stop, then finish the current calls (`graceful_timeout`)."""
        for fileno, listener in self.listeners.items():
            listener.setblocking(False)
            for limit in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):  # accepted connections inherit these
                listener.setsockopt(socket.SOL_SOCKET, limit, struct.pack("ll", PATIENCE, 0))
            self.poll.register(fileno, self.once)
        self.poll.register(self.end, select.EPOLLIN)
        self.crew = Crew(self.cfg.threads)
        for _ in range(self.crew.size):
            self._start_thread()
        self._look_after()
        while self.alive and self.is_parent_alive():
            self._glance()
            if time.monotonic() >= self.next_look:
                self._look_after()
        self.alive = False
        self._finish()
        os.eventfd_write(self.end, 1)
        for thread in list(self.threads):
            thread.join(TICK)

    def serve(self) -> None:
        """Answer calls one after another, on any connection. If a thread fails, the worker stops."""
        try:
            leaves = False
            while not leaves and (fileno := self.poll.poll(maxevents=1)[0][0]) != self.end:
                self.crew.begin()
                try:
                    self._take_turn(fileno)
                finally:
                    leaves = self.crew.end()
        except BaseException:
            self.alive = False
            os.write(self.PIPE[1], b".")
            raise
        finally:
            self.threads.discard(threading.current_thread())
            if settings.configured:
                connections.close_all()

    def _take_turn(self, fileno: int) -> None:
        if fileno in self.listeners:
            self.accept(self.listeners[fileno])
            return
        connection = self.connections[fileno]
        ready = connection.has_left() if connection.leaving else connection.gather()
        if not ready:
            self.poll.modify(fileno, self.once)
        elif connection.leaving or connection.is_over:
            self._close(fileno, connection)
        else:
            self.answer(fileno)

    def _start_thread(self) -> None:
        thread = threading.Thread(target=self.serve, daemon=True)
        self.threads.add(thread)
        thread.start()

    def accept(self, listener: Any) -> None:
        """Accept a new connection and wait for its data. At `worker_connections`, close an idle one to make room."""
        if not self.alive:
            return
        idle = list(self.idle.values())
        try:
            self._take(listener)
            room = len(self.connections) < self.worker_connections
        except GONE:
            room = True
        except OSError as fault:
            if self.alive and fault.errno not in NO_ROOM:
                raise
            room = False
        if room and self.alive:
            self.poll.modify(listener, self.once)
        elif not room:
            self.full = True
            for connection in idle[:1]:
                self._end(connection)

    def answer(self, fileno: int) -> None:
        """Answer one call, then wait for more or close the connection. Only this method closes connections.

        A pipelined call waits for its turn after the calls of others, until the client has read the response.
        """
        connection, kept = self.connections[fileno], False
        self.idle.pop(fileno, None)
        connection.timeout = None
        try:
            kept = self._answer_late(connection) if connection.late else self._answer_whole(connection)
        finally:
            if kept:
                more = connection.take_back()
                self._wait(fileno, connection)
                self.poll.modify(fileno, select.EPOLLOUT | select.EPOLLONESHOT if more else self.once)
            elif self.cfg.is_ssl or not connection.initialized:
                self._close(fileno, connection)
            else:
                connection.leave()
                self.poll.modify(fileno, self.once)

    def _answer_whole(self, connection: Connection) -> bool:
        connection.hand_over()
        return bool(self.handle(connection))

    def _answer_late(self, connection: Connection) -> bool:
        self.handle_error(None, connection.sock, connection.client, reading.TooSlow(connection.begun))
        return False

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer one call. Close the connection after it if it must make room, was idle for too long, or sends a body.

        The API reads no bodies, so the server doesn't wait for the rest of one.
        """
        if conn.last or (req.uri.startswith(reading.API) and _has_body(req)):
            req.force_close()
        return super().handle_request(req, conn)

    def _close(self, fileno: int, connection: Connection) -> None:
        self.idle.pop(fileno, None)
        del self.connections[fileno]
        connection.close(graceful=self.cfg.is_ssl)
        if self.full and self.alive:
            self.full = False
            self._listen(self.once)

    def _take(self, listener: Any) -> None:
        client, address = listener.accept()
        connection = Connection(self.cfg, client, address, listener.getsockname())
        self.connections[client.fileno()] = connection
        self._wait(client.fileno(), connection)
        self.poll.register(client, self.once)

    def _wait(self, fileno: int, connection: Connection) -> None:
        """Mark a connection as idle. It is the last one to be closed to make room."""
        connection.set_timeout()
        self.idle[fileno] = connection

    def _end(self, connection: Connection) -> None:
        """Stop reading from a connection. A call that has already arrived is still answered."""
        connection.last = True
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RD)

    def _glance(self) -> None:
        """Wait for a moment. Add a thread if all were blocked during it."""
        if select.select([self.PIPE[0]], [], [], GLANCE)[0]:
            os.read(self.PIPE[0], 4096)
        if self.crew.grow():
            self._start_thread()

    def _look_after(self) -> None:
        """Tell gunicorn that the worker is alive, close slow connections, and listen if there is room."""
        self.notify()
        self.next_look = time.monotonic() + TICK
        self._end_slow()
        if len(self.connections) < self.worker_connections:
            self._listen(self.once)

    def _end_slow(self) -> None:
        """Close connections that have been idle for too long, and those whose call takes too long to arrive."""
        now = time.monotonic()
        for connection in list(self.connections.values()):
            if connection.is_too_slow(now):
                connection.late = True
                self._end(connection)
            elif connection.timeout is not None and min(connection.timeout, self.linger) < now:
                self._end(connection)

    def _listen(self, events: int) -> None:
        for fileno in self.listeners:
            self.poll.modify(fileno, events)

    def _stop_listening(self) -> None:
        """Accept all waiting connections, then close the listeners, so that no client waits in vain."""
        for fileno, listener in self.listeners.items():
            self.poll.unregister(fileno)
            with suppress(OSError):
                while True:
                    self._take(listener)
            listener.close()

    def _finish(self) -> None:
        self._stop_listening()
        now = time.monotonic()
        self.linger, until = now + LINGER, now + self.cfg.graceful_timeout
        while self.connections and time.monotonic() < until:
            self._glance()
            self._end_slow()
        self.notify()


def _has_body(request: Any) -> bool:
    return any(name in ("CONTENT-LENGTH", "TRANSFER-ENCODING") for name, _ in request.headers)
