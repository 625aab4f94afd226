"""A clock that leaves out the time for which the whole machine stood still, so that a bound can be strict on any.

with running() as watch:
    answer = server.get("/readyz")
assert watch.seconds() < 2
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

TICK = 0.02  # seconds between two looks
LONG = 0.2  # seconds without a look: nothing ran meanwhile


class Stopwatch:
    """Counts from when it is made; `lost` are the seconds for which not even this thread ran."""

    def __init__(self) -> None:
        self.lost = 0.0
        self._begun = self._seen = time.monotonic()
        self._lock = threading.Lock()

    def seconds(self) -> float:
        """Return how long the machine has run since the beginning."""
        with self._lock:
            now = time.monotonic()
            if now - self._seen > LONG:
                self.lost += now - self._seen
            self._seen = now
            return now - self._begun - self.lost


@contextmanager
def running() -> Iterator[Stopwatch]:
    """Yield a stopwatch, and stop looking in the end."""
    watch, ended = Stopwatch(), threading.Event()

    def look() -> None:
        while not ended.wait(TICK):
            watch.seconds()

    looking = threading.Thread(target=look, name="stopwatch")
    looking.start()
    try:
        yield watch
    finally:
        watch.seconds()
        ended.set()
        looking.join()
