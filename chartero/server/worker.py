"""How a web process answers calls: its threads wait together for connections, and each answers what it gets.

gunicorn's own threaded worker waits in one thread and answers in others, so each call wakes several threads. Here, the
kernel gives a connection with data to one waiting thread, and to no other until that thread has answered (epoll(7),
EPOLLONESHOT). An incomplete call goes back to the kernel. gunicorn handles HTTP, with short cuts for plain calls
(`heads`, `responding`).
"""

import math
import os
import select
import threading
import time
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db import connections
from gunicorn.workers.base import Worker  # type: ignore[import-untyped]

from chartero.server import configuration, reading
from chartero.server.connections import Connection, make_room
from chartero.server.listeners import GONE, NO_ROOM, ONCE, Listeners
from chartero.server.pool import PoolWorker
from chartero.server.responding import Responder
from chartero.server.threads import ThreadCount

TICK = 1.0  # seconds between two checks of idle connections
ROOM = select.EPOLLOUT | select.EPOLLONESHOT  # tell one thread that a client has taken data
GLANCE = 0.05  # seconds between two checks of blocked threads
LINGER = 1.5  # seconds that a worker without listeners waits for calls on idle connections


class SharedPollWorker(PoolWorker):
    """A worker of gunicorn whose threads never pass a connection to each other. It needs Linux.

    An idle connection is closed after `keepalive` seconds. If there is no room for a new connection, the one that has
    been idle longest is closed.
    """

    alive: bool
    cfg: Any

    def init_process(self) -> None:
        self.cfg = configuration.Fixed(self.cfg)
        self.poll = select.epoll()
        self.listeners = Listeners(self.sockets, self.poll)
        self.connections: dict[int, Connection] = {}
        self.idle: dict[int, Connection] = {}  # those that wait for a call, the longest first
        self.threads: set[threading.Thread] = set()
        self.full, self.linger, self.next_look = False, math.inf, 0.0
        self.responder = Responder(self)
        self.end = os.eventfd(0)
        Worker.init_process(self)

    # gunicorn's threaded worker would stop a pool and wake a queue. Here, a signal wakes the main thread.
    handle_exit = Worker.handle_exit
    handle_quit = Worker.handle_quit

    def run(self) -> None:
        """Serve until told to stop, then finish the current calls (`graceful_timeout`)."""
        self.listeners.open()
        self.poll.register(self.end, select.EPOLLIN)
        self.thread_count = ThreadCount(self.cfg.threads)
        for _ in range(self.thread_count.size):
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
                self.thread_count.begin()
                try:
                    self._take_turn(fileno)
                finally:
                    leaves = self.thread_count.end()
        except BaseException:
            self.alive = False
            self.thread_count.shrink()
            os.write(self.PIPE[1], b".")
            raise
        finally:
            self.threads.discard(threading.current_thread())
            if settings.configured:
                connections.close_all()

    def _take_turn(self, fileno: int) -> None:
        if listener := self.listeners.at(fileno):
            self.accept(listener)
            return
        connection = self.connections[fileno]
        if connection.is_sending:
            self._send_on(fileno, connection)
        elif not (connection.has_left() if connection.leaving else connection.gather()):
            self.poll.modify(fileno, ONCE)
        elif connection.leaving or connection.is_over:
            self._close(fileno, connection)
        else:
            self.answer(fileno)

    def _start_thread(self) -> None:
        thread = threading.Thread(target=self.serve, daemon=True)
        thread.start()
        self.threads.add(thread)

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
        if room:
            self.listeners.listen(listener)
        else:
            self.full = True
            make_room(idle)

    def answer(self, fileno: int) -> None:
        """Answer one call, then wait for more or close the connection. Only this method closes connections.

        A pipelined call waits for its turn after the calls of others, until the client has read the response.
        """
        connection, kept = self.connections[fileno], False
        self.idle.pop(fileno, None)
        connection.timeout, connection.untaken = None, False
        try:
            kept = self._answered(connection)
        finally:
            self._go_on(fileno, connection, kept)

    def _go_on(self, fileno: int, connection: Connection, kept: bool) -> None:
        """Wait until the client has taken its answer, then for the next call. Or close the connection."""
        connection.kept = kept
        if connection.is_sending:
            self._wait(fileno, connection)
            self.poll.modify(fileno, ROOM)
        elif kept:
            connection.untaken = connection.take_back()
            self._wait(fileno, connection)
            self.poll.modify(fileno, ROOM if connection.untaken else ONCE)
        elif connection.is_tls:
            self._close(fileno, connection)
        else:
            connection.leave()
            self.poll.modify(fileno, ONCE)

    def _send_on(self, fileno: int, connection: Connection) -> None:
        """Send what the client takes of its answer."""
        try:
            connection.sock.send_on()
        except OSError:  # the client has gone
            self._close(fileno, connection)
        else:
            self._go_on(fileno, connection, connection.kept)

    def _answered(self, connection: Connection) -> bool:
        """Answer one call. Return True if more may follow."""
        if connection.fault is not None:
            self.handle_error(None, connection.sock, connection.client, connection.fault(connection.begun))
            return False
        if not connection.is_tls:  # gunicorn starts TLS itself, where it can handle errors
            connection.hand_over()
        return bool(self.handle(connection))

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer one call. Close the connection after it if it must end, or if a body is unread or incomplete.

        The API reads no bodies, and Django reads none in chunks. The server doesn't wait for the rest of one.
        """
        if conn.last or reading.leaves_body(req):
            req.force_close()
        return super().handle_request(req, conn) if conn.is_tls else self.responder.answer(req, conn)

    def _close(self, fileno: int, connection: Connection) -> None:
        if self.connections.get(fileno) is connection:  # a failed handshake has already closed its socket
            self.idle.pop(fileno, None)
            del self.connections[fileno]
        with suppress(OSError):
            connection.close(graceful=self.cfg.is_ssl)
        if self.full:
            self.full = False
            self.listeners.listen()

    def _take(self, listener: Any) -> None:
        connection = Connection.accepted(self.cfg, listener)
        fileno = connection.sock.fileno()
        self.connections[fileno] = connection
        self._wait(fileno, connection)
        self.poll.register(fileno, ONCE)

    def _wait(self, fileno: int, connection: Connection) -> None:
        """Mark a connection as idle. It is the last one to be closed to make room."""
        connection.set_timeout()
        self.idle[fileno] = connection

    def _glance(self) -> None:
        """Wait for a moment. Add a thread if all were blocked during it."""
        if select.select([self.PIPE[0]], [], [], GLANCE)[0]:
            os.read(self.PIPE[0], 4096)
        if self.thread_count.grow():
            try:
                self._start_thread()
            except RuntimeError:  # the system has no more threads
                self.thread_count.shrink()

    def _look_after(self) -> None:
        """Tell gunicorn that the worker is alive, end connections that take too long, and listen if there is room."""
        self.notify()
        self.observe(self)
        now = time.monotonic()
        self.next_look = now + TICK
        for connection in list(self.connections.values()):
            connection.end_if_slow(now, self.linger)
        if len(self.connections) < self.worker_connections:
            self.listeners.listen()
        elif self.full:  # no connection was idle when the last one came
            make_room(list(self.idle.values()))

    def _finish(self) -> None:
        """Take the connections that are still to come, and answer the calls at hand."""
        until = time.monotonic() + self.cfg.graceful_timeout
        self.listeners.end(self._take, meanwhile=self._go_on_ending)
        self.linger = time.monotonic() + LINGER
        while self.connections and time.monotonic() < until:
            self._go_on_ending()

    def _go_on_ending(self) -> None:
        self._glance()
        self._look_after()
