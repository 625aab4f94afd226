"""The production server, whose processes can be killed and measured."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.server.deployment import ROOT, free_port, wait_for


class WebServer:
    """One production server on a port of its own. It can be started again on the same port."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.port, self.environment, self.log = free_port(), environment, log

    def start(self) -> None:
        """Start the server and wait until it listens."""
        command = ["-m", "gunicorn", "-c", "python:chartero.gunicorn", "--bind", f"127.0.0.1:{self.port}"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *command, "chartero.wsgi"], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
        wait_for(self.port, self._process)

    def stop(self) -> None:
        """Stop the server as a supervisor does."""
        self._process.terminate()
        self._process.wait(30)

    def kill(self) -> list[int]:
        """Kill the master alone. Return the pids of the workers that it leaves."""
        workers = self.workers()
        self._process.kill()
        self._process.wait()
        return workers

    def kill_workers(self, number: int) -> None:
        """Kill some workers at the same moment."""
        for pid in self.workers()[:number]:
            os.kill(pid, signal.SIGKILL)

    def workers(self) -> list[int]:
        """Return the pids of the workers."""
        pid = self._process.pid
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def memory(self) -> dict[int, int]:
        """Return the bytes of memory of each worker, with its part of what they share."""
        return {pid: _memory(pid) for pid in self.workers()}


@contextmanager
def serving(environment: dict[str, str], log: Path) -> Iterator[WebServer]:
    """Run a production server."""
    server = WebServer(environment, log)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def is_running(pid: int) -> bool:
    """Return True if the process is there."""
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def _memory(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))
