"""The database is asked when somebody reads the metrics, but never waited for long, and not each time."""

import logging
import threading
import time
from collections.abc import Callable, Iterator

from django.db import connection
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from chartero.metrics import facts
from chartero.postgresql import sessions
from partners.formats import traces

logger = logging.getLogger(__name__)

LIMIT = 1.5  # seconds that the statements of one look may take together
PATIENCE = 1.7  # seconds that a reader waits for a look
KEPT = 5.0  # seconds for which a look is used again
GIVEN_UP = 30.0  # seconds after which a new look starts beside one that got no response

Metrics = list[GaugeMetricFamily]


class Look(threading.Thread):
    """One look at the database, in its own thread and connection, because it can hang. `found` is None until then."""

    def __init__(self, read: Callable[[], Metrics]) -> None:
        super().__init__(name="metrics", daemon=True)
        self._read = read
        self.found: Metrics | None = None
        self._over = False
        self._begun = time.monotonic()
        self.start()

    def run(self) -> None:
        """Read, and keep what was found."""
        try:
            with sessions.within(LIMIT, apart=True):
                self.found = self._read()
        except Exception as fault:
            logger.warning("metrics without the database", extra={"exception": traces.kind(fault)})
        finally:
            self._over = True
            connection.close()

    @property
    def age(self) -> float:
        return time.monotonic() - self._begun

    @property
    def is_stale(self) -> bool:
        return self.age >= (KEPT if self._over else GIVEN_UP)


class Database(Collector):
    """What the database knows. While it doesn't answer, `chartero_database_up` is 0 and all else is missing."""

    def __init__(self, read: Callable[[], Metrics] = facts.read) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._look: Look | None = None

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the metrics of the last look, of a new one if that is too old."""
        found = self._found()
        up = "1 if the database answered the statements of these metrics in time, else 0."
        yield GaugeMetricFamily("chartero_database_up", up, value=found is not None)
        yield from found or ()

    def _found(self) -> Metrics | None:
        try:
            with self._lock:
                if self._look is None or self._look.is_stale:
                    self._look = Look(self._read)
                look = self._look
        except RuntimeError:  # the system has no more threads
            return None
        look.join(max(0.0, PATIENCE - look.age))
        return look.found
