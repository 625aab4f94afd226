"""If the database serves no calls any more, the next calls fail immediately instead of waiting.

One call that waited in vain is no sign of this: its own query may be slow, or a row that it needs locked. The sign is
that more calls waited in vain than were answered in the last moment, or so many that they hold up the threads. Then a
pause begins. It ends when a statement gets an answer: one call after another tries, half a second apart.
"""

import threading
import time
from collections import deque

import psycopg

PAUSE = 0.5  # seconds until the next call may try
TRIAL = 0.5  # seconds that the statement of such a call may take
MOMENT = 0.75  # seconds: less than a call waits in vain, so that no call counts that was answered before the fault
MANY = 6  # calls that waited in vain in a moment: too many, however many were answered
ROOM, LONG = 16, 0.3  # statements that may run for longer than these seconds at a time; the others have to be quick


class Paused(psycopg.OperationalError):
    """The database did not answer a moment ago, so it is not asked now."""


class Breaker:
    """What the threads of a process know about a database that does not answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next_try: float | None = None  # None if all is well
        self._running: dict[int, float] = {}  # when the statement of a thread began
        self._answered: deque[float] = deque(maxlen=2 * MANY)
        self._in_vain: deque[float] = deque(maxlen=2 * MANY)

    def enter(self) -> bool:
        """Note that a statement begins. Return True if it is a trial. Raise Paused if it must not begin."""
        trial = self._next_try is not None and self._may_try()
        now = time.monotonic()
        if len(self._running) >= ROOM and sum(now - each > LONG for each in list(self._running.values())) >= ROOM:
            raise Paused("too many calls wait for the database")
        self._running[threading.get_ident()] = now
        return trial

    def leave(self) -> None:
        """Note that the statement of this thread has ended."""
        self._running.pop(threading.get_ident(), None)

    def answered(self) -> None:
        """Note that a call got an answer to each of its statements."""
        self._answered.append(time.monotonic())

    def failed(self) -> None:
        """Note that a call waited in vain. Begin a pause if most do."""
        with self._lock:
            now = time.monotonic()
            self._in_vain.append(now)
            in_vain = _lately(self._in_vain, now)
            if self._next_try is None and (in_vain >= MANY or in_vain > _lately(self._answered, now)):
                self._next_try = now + PAUSE

    def succeeded(self) -> None:
        """Let all calls continue."""
        with self._lock:
            self._next_try = None

    def _may_try(self) -> bool:
        with self._lock:
            if self._next_try is None:  # the pause ended a moment ago
                return False
            now = time.monotonic()
            if now < self._next_try:
                raise Paused("the database did not answer a moment ago")
            self._next_try = now + PAUSE
            return True


def _lately(times: deque[float], now: float) -> int:
    return sum(now - each < MOMENT for each in list(times))


BREAKER = Breaker()
