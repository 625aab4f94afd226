"""Where a trace begins, and which calls are traced: by the proxy's word if the settings trust it, else by chance."""

import os
import re
from collections.abc import Callable
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest

from chartero.tracing.calls import Call

HEADER = "HTTP_TRACEPARENT"
SAMPLED = 0x01
# W3C Trace Context, 3.2.2: version 00 ends with the flags, a later one may go on. No id is all zeros.
_WRITTEN = re.compile(
    "(?:00|(?!ff)[0-9a-f]{2}(?=.{53}(?:-|$)))-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})"
)


class Parent(NamedTuple):
    """The span that a `traceparent` names, and whether its trace is recorded."""

    trace_id: bytes
    span_id: bytes
    is_sampled: bool


def parent(text: str) -> Parent | None:
    """Return what a `traceparent` says, or None if it isn't valid."""
    written = _WRITTEN.match(text)
    if written is None or (text.startswith("00") and written.end() < len(text)):
        return None
    trace_id, span_id, flags = map(bytes.fromhex, written.groups())
    return Parent(trace_id, span_id, bool(flags[0] & SAMPLED))


def of_settings() -> Callable[[HttpRequest], Call | None]:
    """Return what begins the trace of a call, or returns None for a call that isn't traced."""
    # The last 8 bytes of an id decide, as in other services that sample by trace (TraceIdRatioBased).
    bound = settings.OTLP_PERCENT * 2**64 // 100

    def begun() -> Call | None:
        trace_id = os.urandom(16)
        return Call(trace_id) if int.from_bytes(trace_id[8:]) < bound else None

    def continued(request: HttpRequest) -> Call | None:
        given = parent(request.META.get(HEADER, ""))
        if given is None:
            return begun()
        return Call(given.trace_id, given.span_id) if given.is_sampled else None

    trusts = settings.BEHIND_PROXY and settings.OTLP_TRACEPARENT
    return continued if trusts else lambda request: begun()
