"""Machines of the application behind one nginx: they share the database and the secrets, and nothing else."""

import os
import signal
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.calls import OpenLoop
from tests.server.deployment import Deployment, free_port
from tests.server.fronting import TOLD, Front, fronted
from tests.server.upgrading import Service, probed

RATE = 50  # calls a second


class Machine(Service):
    """One machine: a group of processes with folders and a port of its own."""

    patience = 600  # seconds: two of them start beside everything else

    def __init__(self, deployment: Deployment, folder: Path) -> None:
        folder.mkdir()
        own = dict.fromkeys(("CHARTERO_DATA_DIR", "RUNTIME_DIRECTORY", "TMPDIR"), str(folder))
        self.root, self.python = deployment.root, deployment.python
        super().__init__(deployment.environment | deployment.web | TOLD | own, folder, free_port())

    def start(self) -> None:
        """Start the processes, and return once they can serve partners."""
        super().start()
        self.wait_until(lambda: b" 200 " in probed(self.port, "/readyz"))

    def kill(self) -> None:
        """Lose all processes at the same moment."""
        self._signal(signal.SIGKILL)
        self.started.pop().wait()
        self.file.unlink()

    def hang(self) -> None:
        """Stop all processes: the kernel goes on to accept connections, and nobody answers."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let the processes run again."""
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """End the processes, also those that hang."""
        if self.started:
            self.go_on()
        super().stop()

    def replace(self, deployment: Deployment) -> None:
        """Install another release at the same place."""
        self.stop()
        self.root, self.python = deployment.root, deployment.python
        self.start()

    def _signal(self, number: int) -> None:
        os.killpg(self.started[-1].pid, number)


@dataclass(frozen=True)
class Fleet:
    """The machines, and nginx in front of them."""

    machines: tuple[Machine, ...]
    front: Front
    tokens: dict[str, str]
    rate: float

    def calls(self) -> OpenLoop:
        """Call through nginx, over TLS, each time on a new connection."""
        return OpenLoop(self.front.https, self.tokens, self.front.connection, self.rate / 25)


@contextmanager
def fleet(deployment: Deployment, rate: float) -> Iterator[Fleet]:
    """Run two machines behind nginx, which get so many calls a second."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        machines = tuple(Machine(deployment, folder / each) for each in ("one", "two"))
        for machine in machines:
            stack.callback(machine.stop)
        with ThreadPoolExecutor() as pool:
            list(pool.map(Machine.start, machines))
        first, other = (machine.port for machine in machines)
        front = stack.enter_context(fronted(folder / "nginx", first, first, other))
        yield Fleet(machines, front, deployment.tokens, rate)
