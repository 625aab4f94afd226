"""A server that is upgraded or restarted while partners call it, and what each of their calls met."""

import http.client
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from tests.server.deployment import ROOT

RATE, CALLERS = 5, 2  # calls a second of a caller; callers of a kind: with a key or without, on new or kept connections
SERVED, BUSY = "served", "busy"  # busy is a database that can't follow, which has nothing to do with connections
PATIENCE = 90  # seconds that a release may take to start, on any machine


class Caller(threading.Thread):
    """Calls at a steady rate. It uses a kept connection as clients do: only if the server has not closed it."""

    def __init__(self, connection, token, keeps):
        super().__init__()
        self.keeps, self.met, self.done = keeps, Counter(), threading.Event()
        credentials = {"Authorization": f"Bearer {token}"} if token else {}
        self.headers = credentials if keeps else credentials | {"Connection": "close"}
        self.expected = 200 if token else 401
        self.connection = connection

    def run(self):
        begun, number = time.monotonic(), 0
        while not self.done.wait(max(0.0, begun + number / RATE - time.monotonic())):
            number += 1
            try:
                self.met[self._once()] += 1
            except (OSError, http.client.HTTPException) as fault:
                self.met[f"{type(fault).__name__}, {'kept' if self.keeps else 'new'} connection"] += 1
                self.connection.close()
        self.connection.close()

    def _once(self):
        wire = self.connection.sock
        if wire is not None and select.select([wire], [], [], 0)[0]:
            self.connection.close()
        self.connection.request("GET", "/external/v1/encounters?limit=1", headers=self.headers)
        response = self.connection.getresponse()
        response.read()
        return {self.expected: SERVED, 503: BUSY}.get(response.status, response.status)


@contextmanager
def calls(port, token, connect=None):
    """Call while the block runs. Yield what the calls met, which is complete afterwards. `connect` may go elsewhere."""
    met = Counter()
    connect = connect or partial(http.client.HTTPConnection, "127.0.0.1", port, timeout=60)
    callers = [Caller(connect(), key, keeps) for keeps in (False, True) for key in (token, "") for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    try:
        yield met
    finally:
        for caller in callers:
            caller.done.set()
        for caller in callers:
            caller.join()
            met.update(caller.met)


class Service:
    """The production server as an init system runs it: by its pid file, perhaps with a socket that outlives it."""

    root, python = ROOT, sys.executable  # of the release
    patience = PATIENCE

    def __init__(self, environment, folder, port, held=None, **more):
        self.port, self.held, self.environment = port, held, environment | more
        self.file, self.log, self.started = folder / "chartero.pid", folder / "service.log", []

    def start(self):
        """Start, and return once it has workers."""
        gunicorn = str(Path(self.python).with_name("gunicorn"))
        command = [gunicorn, "-c", "python:chartero.gunicorn", "--pid", str(self.file)]
        options = {"cwd": self.root, "env": self.environment, "start_new_session": True}
        if self.held is None:
            command += ["--bind", f"127.0.0.1:{self.port}"]
        else:
            # As systemd does it: the socket is number 3, and LISTEN_PID the process that shall use it.
            given = f'exec 3<&{self.held.fileno()}; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"'
            command, options["pass_fds"] = ["bash", "-c", given, "bash", *command], [self.held.fileno()]
        self._launch([*command, "chartero.wsgi"], options)

    def _launch(self, command, options):
        with self.log.open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, **options)
        self.started.append(process)
        self.wait_until(lambda: self.pid or process.poll() is not None)
        assert self.pid, self.log.read_text()

    @property
    def told(self):
        """Return the id of the process that gets the signals."""
        return self.pid

    @property
    def pid(self):
        """Return the id of the main process, or None if there is none."""
        with suppress(OSError, ValueError):
            return int(self.file.read_text())

    def upgrade(self):
        """Have a new release replace the old one, and return once it has."""
        old = self.pid
        os.kill(self.told, signal.SIGUSR2)
        self.wait_until(lambda: self.pid not in (None, old))

    def stop(self):
        """End it, and return once it has ended."""
        if self.pid is not None:
            os.kill(self.told, signal.SIGTERM)
            self.wait_until(lambda: self.pid is None)
        for process in self.started:
            process.wait(self.patience)

    def wait_until(self, holds):
        end = time.monotonic() + self.patience
        while not holds():
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)


class AdoptedService(Service):
    """The same where supervisor starts it, which knows one process."""

    def start(self):
        gunicorn = [str(Path(sys.executable).with_name("gunicorn")), "-c", "python:chartero.gunicorn"]
        command = [
            sys.executable,
            "-m",
            "chartero.server.adopting",
            *gunicorn,
            "--pid",
            str(self.file),
            "chartero.wsgi",
        ]
        given = f'exec 3<&{self.held.fileno()}; export LISTEN_FDS=1; exec "$@"'
        options = {"cwd": ROOT, "env": self.environment, "start_new_session": True, "pass_fds": [self.held.fileno()]}
        self._launch(["bash", "-c", given, "bash", *command], options)

    @property
    def told(self):
        return self.started[-1].pid


@contextmanager
def running(environment, folder, *, held=False, kind=Service, **more):
    """Run the service; yield it once it answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        port = listener.getsockname()[1]
        if not held:
            listener.close()
        service = kind(environment, folder, port, listener if held else None, **more)
        service.start()
        try:
            service.wait_until(lambda: b" 200 " in probed(port))
            yield service
        finally:
            service.stop()


def probed(port, path="/healthz"):
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as wire:
        wire.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        return wire.recv(20)
    return b""
