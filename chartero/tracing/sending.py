"""The outbox of this process, as the settings describe its collector."""

from collections.abc import Callable, Sequence
from functools import cache

from django.conf import settings

from chartero.tracing import encoding
from chartero.tracing.calls import Call
from chartero.tracing.outbox import Outbox
from chartero.tracing.posting import Collector, Receipt


@cache
def outbox() -> Outbox:
    """Return the outbox. Nothing is sent before it gets a call."""
    collector = Collector(settings.OTLP_ENDPOINT, settings.OTLP_HEADERS)

    def send(calls: Sequence[Call]) -> Receipt:
        return collector.take(encoding.body(calls))

    return Outbox(send, _counting())


def _counting() -> Callable[[int], None]:
    """Return what counts the calls that are dropped, if there are metrics."""
    if not settings.METRICS_TOKEN:
        return lambda number: None
    from chartero.metrics.calls import CALLS

    return lambda number: CALLS.metrics.untraced.inc(number)
