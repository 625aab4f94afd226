"""If the database does not answer one call in time, the next calls fail immediately instead of waiting.

After a pause, one statement is tried. If it gets an answer, all calls continue. If not, there is another pause.
"""

import threading
import time

import psycopg

PAUSE = 0.5  # seconds
TRIAL = 0.5  # seconds that the statement after a pause may take


class Paused(psycopg.OperationalError):
    """The database did not answer a moment ago, so it is not asked now."""


class Breaker:
    """What the threads of a process know about a database that does not answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: float | None = None  # the end of the pause; None if all is well
        self._trying = False

    def enter(self) -> bool:
        """Return True if the next statement is the trial after a pause. Raise Paused during a pause."""
        return self._until is not None and self._may_try()

    def failed(self) -> None:
        """Begin a pause."""
        with self._lock:
            self._until, self._trying = time.monotonic() + PAUSE, False

    def succeeded(self) -> None:
        """Let all calls continue."""
        with self._lock:
            self._until, self._trying = None, False

    def _may_try(self) -> bool:
        with self._lock:
            if self._until is None:  # the pause ended a moment ago
                return False
            if self._trying or time.monotonic() < self._until:
                raise Paused("the database did not answer a moment ago")
            self._trying = True
            return True


BREAKER = Breaker()
