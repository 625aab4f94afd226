"""Traced calls on their way to the collector. The threads that answer only put them here, and never wait."""

import atexit
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from chartero.tracing.calls import Call
from chartero.tracing.posting import Receipt
from partners.formats import traces

MOST = 4096  # calls that wait; of about 1 kB each
BATCH = 256  # calls in one request
PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds between two rounds; the second while the collector takes nothing
FLUSH = 2.0  # seconds in which a process that ends sends the rest
MINUTE = 60.0  # seconds between two log lines

logger = logging.getLogger(__name__)


class Outbox:
    """The calls of one process. A thread sends them, from the first call on: so it starts after the server has forked.

    `send` gets some calls and says what came of it. `dropped` gets the number of calls that are given up.
    """

    def __init__(self, send: Callable[[Sequence[Call]], Receipt], dropped: Callable[[int], None]) -> None:
        self._send, self._dropped = send, dropped
        self._calls: deque[Call] = deque()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._ends = threading.Event()
        self._pause, self._silent_until, self._lost = PAUSE, 0.0, 0

    def add(self, call: Call) -> None:
        """Take a call to send it, or drop it if too many wait."""
        if len(self._calls) < MOST:
            self._calls.append(call)
        else:
            self._drop(1)
        if self._thread is None:
            self._start()

    def end(self, patience: float = FLUSH) -> None:
        """Send what waits, for so many seconds at most."""
        self._ends.set()
        if self._thread is not None:
            self._thread.join(patience)
        if self._calls:
            self._drop(len(self._calls))
            self._log("the process ended")

    def _start(self) -> None:
        with self._lock:
            if self._thread is not None:
                return
            thread = threading.Thread(target=self._run, name="traces", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the system has no more threads
                return
            self._thread = thread
        atexit.register(self.end)

    def _run(self) -> None:
        while not self._ends.wait(self._pause):
            self._empty()
        self._empty()

    def _empty(self) -> None:
        """Send all calls that wait, until the collector refuses some."""
        self._pause, refused = min(2 * self._pause, LONGEST_PAUSE), False
        while self._calls and not refused:
            batch = [self._calls.popleft() for _ in range(min(BATCH, len(self._calls)))]
            receipt = self._sent(batch)
            refused = not receipt.is_taken
            if refused and receipt.may_succeed_later and not self._ends.is_set():
                self._calls.extendleft(reversed(batch))
            elif refused:
                self._drop(len(batch))
            if refused:
                self._log(str(receipt))
        if not refused:
            self._pause = PAUSE

    def _sent(self, batch: list[Call]) -> Receipt:
        try:
            return self._send(batch)
        except Exception as fault:  # of ours: the thread goes on
            return Receipt(status=0, fault=traces.kind(fault))

    def _drop(self, number: int) -> None:
        with self._lock:
            self._lost += number
        self._dropped(number)

    def _log(self, why: str) -> None:
        """Log why the collector doesn't have all calls, at most once a minute."""
        now = time.monotonic()
        if now < self._silent_until:
            return
        self._silent_until = now + MINUTE
        logger.warning("traces don't reach the collector, %d calls were dropped", self._lost, extra={"what": why})
