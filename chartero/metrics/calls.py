"""What is counted of each call of the API: its route, its reason code, its status and how long it took.

Every label is a word of the catalogue, never a key, an organization or anything that a caller sent.
"""

import threading
import time
from typing import Any

from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, Counter, Histogram

from chartero.metrics import files
from chartero.postgresql.breaker import Paused
from encounters.replica import Outcome
from partners.api.exchange import Exchange
from partners.api.responses import Refusal
from partners.api.views import route_of
from partners.catalogue.reasons import Reason
from partners.catalogue.routes import Route

NO_ROUTE, SERVED = "none", "served"
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)  # seconds
# Series that begin at zero, so that the first of these answers shows as an increase.
FROM_THE_START = ((SERVED, 200), *((each.code, each.status) for each in Reason if each.status >= 500))
Labels = tuple[str, str, int]


class Metrics:
    """The metrics of calls in one process."""

    def __init__(self) -> None:
        # Processes that count together are read from their files (`files`), and register nothing.
        self.registry = CollectorRegistry()
        used = None if files.shared() else self.registry
        self.answers = Counter(
            "chartero_calls", "Answers to calls of the API.", ["route", "reason", "status"], registry=used
        )
        self.seconds = Histogram(
            "chartero_call_duration_seconds",
            "Time from the arrival of a call to its answer on record.",
            ["route"],
            buckets=BUCKETS,
            registry=used,
        )
        self.shed = Counter("chartero_calls_shed", "Calls refused at once: the database answers nobody.", registry=used)
        self.off_record = Counter(
            "chartero_calls_off_record", "Calls refused because they could not be recorded.", registry=used
        )
        self.reads = Counter(
            "chartero_replica_reads",
            "Calls for encounters by where they were read: in the replica, or in the primary because of this.",
            ["outcome"],
            registry=used,
        )
        self.untraced = Counter(
            "chartero_traces_dropped", "Traced calls that the collector of traces did not take.", registry=used
        )
        self.starts = Counter("chartero_server_process_starts", "Processes that began to serve.", registry=used)


class Calls:
    """What a process has counted. It starts to count after the server has forked, in the place that it has then."""

    def __init__(self) -> None:
        self._metrics: Metrics | None = None
        self._answers: dict[Labels, Counter] = {}
        self._seconds: dict[str, Histogram] = {}
        self._lock = threading.Lock()

    @property
    def metrics(self) -> Metrics:
        """Return the metrics. The first use makes them."""
        with self._lock:
            return self._metrics or self._begun()

    def note(self, request: HttpRequest, answer: HttpResponse) -> None:
        """Count an answer."""
        exchange = Exchange.of(request)
        route = _route(request, exchange)
        reason = answer.reason.code if isinstance(answer, Refusal) else SERVED
        labels = (route, reason, answer.status_code)
        (self._answers.get(labels) or self._counter(labels)).inc()
        self._seconds[route].observe(time.perf_counter() - exchange.started)
        if isinstance(answer, Refusal) and answer.fault is not None:
            self._note_fault(answer)

    def note_read(self, outcome: Outcome, **signal: Any) -> None:
        """Count a call for encounters, where there is a replica."""
        self.metrics.reads.labels(outcome).inc()

    def _note_fault(self, refusal: Refusal) -> None:
        if refusal.fault is not None and isinstance(refusal.fault.__cause__, Paused):
            self.metrics.shed.inc()
        if refusal.off_record:
            self.metrics.off_record.inc()

    def _counter(self, labels: Labels) -> Counter:
        counter = self.metrics.answers.labels(*labels)
        return self._answers.setdefault(labels, counter)

    def _begun(self) -> Metrics:
        metrics = Metrics()
        for route in (*(each.route_name for each in Route), NO_ROUTE):
            self._seconds[route] = metrics.seconds.labels(route)
            for reason, status in FROM_THE_START:
                self._answers[route, reason, status] = metrics.answers.labels(route, reason, status)
        for outcome in Outcome:
            metrics.reads.labels(outcome)
        self._metrics = metrics
        return metrics


def _route(request: HttpRequest, exchange: Exchange) -> str:
    """Return the name of the route, also if the call was refused before its key was known."""
    if exchange.call is not None:
        return exchange.call.route.route_name
    route = route_of(request)
    return NO_ROUTE if route is None else route.route_name


CALLS = Calls()
