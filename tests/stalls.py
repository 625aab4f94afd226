"""Run a command while the machine stands still now and then, as one that others share may.

    python -m tests.stalls COMMAND…

Every eight seconds on average, all cores do nothing else for up to two; a twentieth of that is left to others. A test
that fails then judges by a clock, and could fail on a busy machine. Only root may do this.
"""

import os
import random
import subprocess
import sys
import time
from multiprocessing import Process

EVERY = 8.0  # seconds between two pauses, on average
SHORTEST, LONGEST = 0.3, 2.0  # seconds that a pause lasts


def main(command: list[str]) -> int:
    """Run the command, and return its exit code."""
    with subprocess.Popen(command) as process:
        while True:
            try:
                return process.wait(random.expovariate(1 / EVERY))
            except subprocess.TimeoutExpired:
                stand_still(random.uniform(SHORTEST, LONGEST))


def stand_still(seconds: float) -> None:
    """Let nothing else run for so long."""
    cores = [Process(target=_occupy, args=(core, seconds)) for core in os.sched_getaffinity(0)]
    for core in cores:
        core.start()
    for core in cores:
        core.join()


def _occupy(core: int, seconds: float) -> None:
    os.sched_setaffinity(0, {core})
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
