"""When the database lets one call wait in vain, the next ones fail at once instead of waiting behind it.

After each pause one statement is tried. If it has an answer, all go on; if it waits in vain, there is another pause.
"""

import threading
import time

import psycopg

PAUSE = 0.5  # seconds
TRIAL = 0.5  # seconds that the one statement may take that is tried after a pause


class Paused(psycopg.OperationalError):
    """The database let a call wait in vain a moment ago, so it is not asked now."""


class Breaker:
    """What the threads of a process know together of a database that lets them wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: float | None = None  # the end of a pause; None while all goes well
        self._trying = False

    def enter(self) -> bool:
        """Return True if what follows is the trial after a pause; raise Paused if nothing may be asked now."""
        return self._until is not None and self._may_try()

    def failed(self) -> None:
        """Begin a pause."""
        with self._lock:
            self._until, self._trying = time.monotonic() + PAUSE, False

    def succeeded(self) -> None:
        """Let all go on."""
        with self._lock:
            self._until, self._trying = None, False

    def _may_try(self) -> bool:
        with self._lock:
            if self._until is None:  # until a moment ago
                return False
            if self._trying or time.monotonic() < self._until:
                raise Paused("the database did not answer a moment ago")
            self._trying = True
            return True


BREAKER = Breaker()
