"""How many threads a web process has: a few, and more of them only while all are held up.

One thread runs Python while another waits for the database, and more would spend their time on taking turns. But a
database that lets every thread wait must not hold up the probes, and those calls that need no database.
"""

import threading
import time

MOST = 24  # threads of a process, however many are held up
CALM = 5.0  # seconds without a thread too few after which one that is too many may go


class Crew:
    """The count of a process's threads, and of those that are at work."""

    def __init__(self, usual: int) -> None:
        self.size = self._usual = usual
        self._lock = threading.Lock()
        self._at_work = 0
        self._turns = self._seen = 0
        self._calm = 0.0

    def begin(self) -> None:
        """Note that a thread begins with something."""
        with self._lock:
            self._at_work += 1

    def end(self) -> bool:
        """Note that a thread has come to the end of it, and return whether it may go, since it is one too many."""
        with self._lock:
            self._at_work -= 1
            self._turns += 1
            leaves = self.size > self._usual and time.monotonic() > self._calm
            self.size -= leaves
            return leaves

    def shrink(self) -> None:
        """Count one thread less, since it could not start."""
        with self._lock:
            self.size -= 1

    def grow(self) -> bool:
        """Return True, and count one more thread, if since the last look all were at work and none came to an end."""
        with self._lock:
            held_up = self._at_work >= self.size and self._turns == self._seen
            self._seen = self._turns
            grows = held_up and self.size < MOST
            if held_up:
                self._calm = time.monotonic() + CALM
            self.size += grows
            return grows
