"""How many links that don't exist a network may try. Each process counts for itself, in memory.

A link can't be guessed: it has 256 random bits. The limit only keeps those who try from costing the database anything.
"""

import threading
import time
from collections import OrderedDict, deque

LIMIT, SECONDS = 20, 600.0
NETWORKS = 10_000  # counted at the same time; the oldest is forgotten first


class Guesses:
    """The times of the failures of each network."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def count(self, network: str) -> None:
        """Count a failure."""
        with self._lock:
            self._times.setdefault(network, deque(maxlen=LIMIT)).append(time.monotonic())
            self._times.move_to_end(network)
            if len(self._times) > NETWORKS:
                self._times.popitem(last=False)

    def wait(self, network: str) -> float:
        """Return for how many seconds this network may not try again."""
        with self._lock:
            times = self._times.get(network, deque())
            return max(0.0, times[0] + SECONDS - time.monotonic()) if len(times) == LIMIT else 0.0


GUESSES = Guesses()
