"""The number of threads of a web process: a few, and more only while all of them are blocked.

One thread runs Python while another waits for the database. More threads would only take turns. But if the database
blocks all threads, probes and calls that don't need the database must still be answered.
"""

import threading
import time

MOST_THREADS = 24  # threads of a process, however many are blocked
CALM = 5.0  # seconds without a shortage after which an extra thread may stop


class ThreadCount:
    """The number of a process's threads, and of those at work."""

    def __init__(self, usual: int) -> None:
        self.size = self._usual = usual
        self._lock = threading.Lock()
        self._at_work = 0
        self._turns = self._seen = 0
        self._calm = 0.0

    @property
    def at_work(self) -> int:
        return self._at_work

    def begin(self) -> None:
        """Note that a thread starts to work."""
        with self._lock:
            self._at_work += 1

    def end(self) -> bool:
        """Note that a thread has finished. Return True if it is no longer needed and must stop."""
        with self._lock:
            self._at_work -= 1
            self._turns += 1
            leaves = self.size > self._usual and time.monotonic() > self._calm
            self.size -= leaves
            return leaves

    def shrink(self) -> None:
        """Count one thread less, because it could not start."""
        with self._lock:
            self.size -= 1

    def grow(self) -> bool:
        """Count one more thread and return True if all have been at work since the last look and none has finished."""
        with self._lock:
            held_up = self._at_work >= self.size and self._turns == self._seen
            self._seen = self._turns
            grows = held_up and self.size < MOST_THREADS
            if held_up:
                self._calm = time.monotonic() + CALM
            self.size += grows
            return grows
