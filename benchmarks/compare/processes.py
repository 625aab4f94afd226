"""Processes that this benchmark starts, and that end with it however it ends."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE = 15  # seconds


@contextmanager
def running(
    command: Sequence[str],
    log: Path,
    environment: Mapping[str, str] | None = None,
    *,
    user: str | None = None,
    stop: signal.Signals = signal.SIGTERM,
    patience: int = PATIENCE,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command in a session of its own, its output in `log`; end it and all that it started at the exit.

    `stop` asks it to end; after `patience` seconds it is killed.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | dict(environment or {}),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=user,
            group=user,
        )
    try:
        yield process
    finally:
        _end(process, stop, patience)


def run(command: Sequence[str], environment: Mapping[str, str] | None = None, *, user: str | None = None) -> str:
    """Run a command to its end and return what it printed; stop the benchmark with what it said where it fails."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | dict(environment or {}),
        user=user,
        group=user,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command[:6]))} … failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def free_port() -> int:
    """Return a port of loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(answers: Callable[[], bool], process: subprocess.Popen[bytes], patience: float, log: Path) -> None:
    """Return once a process answers; SystemExit with its log where it ends, or has not after `patience` seconds."""
    begun = time.monotonic()
    while not answers():
        if process.poll() is not None or time.monotonic() > begun + patience:
            raise SystemExit(f"It does not start:\n{log.read_text()}")
        time.sleep(0.1)


def stop_on_signals() -> None:
    """Have the first signal to end leave by an exception, so that every process that was started is ended."""
    for each in SIGNALS:
        signal.signal(each, _stop)


def _stop(number: int, frame: object) -> NoReturn:
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(128 + number)


def _end(process: subprocess.Popen[bytes], stop: signal.Signals, patience: int) -> None:
    process.send_signal(stop)
    with suppress(subprocess.TimeoutExpired):
        process.wait(patience)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
