"""Calls as spans of OTLP (opentelemetry.io/docs/specs/otlp), with the names of OpenTelemetry's conventions for HTTP."""

import os
import socket
import time
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Any

from django.conf import settings
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from chartero.tracing.calls import OTHER, Call, Outcome

# trace.proto, SpanFlags: it is sampled, and it is known whether the parent is elsewhere.
LOCAL, REMOTE = 0x101, 0x301
NAME = "chartero"
AT_ONCE, TURN = 16, 0.0005  # calls, seconds


def body(calls: Sequence[Call]) -> bytes:
    """Return the body of a request that has the spans of these calls.

    It takes some 40 µs a call. Threads that answer would wait for all of them, so they get their turn in between.
    """
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add(resource=_process()).scope_spans.add(scope=InstrumentationScope(name=NAME)).spans
    for number, call in enumerate(calls, 1):
        _add(spans.add, call)
        if number % AT_ONCE == 0:
            time.sleep(TURN)
    return bytes(request.SerializeToString())


def _add(add: Callable[..., Any], call: Call) -> None:
    """Add the spans of an answered call: its own, and those of its parts."""
    outcome, own_id = call.outcome, os.urandom(8)
    if outcome is None:
        return
    add(
        trace_id=call.trace_id,
        span_id=own_id,
        parent_span_id=call.parent_id,
        flags=REMOTE if call.parent_id else LOCAL,
        name=_name(outcome),
        kind=Span.SPAN_KIND_SERVER,
        start_time_unix_nano=call.since + call.begun,
        end_time_unix_nano=call.since + call.ended,
        attributes=[*_common(outcome), *_own(call)],
        status=_status(outcome),
    )
    for part in call.parts:
        add(
            trace_id=call.trace_id,
            span_id=os.urandom(8),
            parent_span_id=own_id,
            flags=LOCAL,
            name=part.name,
            kind=Span.SPAN_KIND_INTERNAL,
            start_time_unix_nano=call.since + part.begun,
            end_time_unix_nano=call.since + part.ended,
        )


def _name(outcome: Outcome) -> str:
    method = "HTTP" if outcome.method == OTHER else outcome.method
    return f"{method} {outcome.route}".rstrip()


def _status(outcome: Outcome) -> Status:
    return Status(code=Status.STATUS_CODE_ERROR if outcome.status >= 500 else Status.STATUS_CODE_UNSET)


@lru_cache(maxsize=1024)
def _common(outcome: Outcome) -> tuple[KeyValue, ...]:
    """Return the attributes that many calls have in common. The path is left out: it has the ids of records."""
    named = {"http.route": outcome.route, "error.type": outcome.error}
    return (
        _text("http.request.method", outcome.method),
        _text("url.scheme", outcome.scheme),
        _number("http.response.status_code", outcome.status),
        _text("chartero.reason_code", outcome.reason),
        *(_text(name, value) for name, value in named.items() if value),
    )


def _own(call: Call) -> tuple[KeyValue, ...]:
    return (
        _text("chartero.request_id", call.request_id),
        _number("chartero.database.statements", call.statements),
        KeyValue(key="chartero.database.seconds", value=AnyValue(double_value=call.waited / 1e9)),
    )


@cache
def _process() -> Resource:
    """Return what says which process answered."""
    return Resource(
        attributes=[
            _text("service.name", NAME),
            _text("deployment.environment.name", settings.ENVIRONMENT),
            _text("host.name", socket.gethostname()),
            _number("process.pid", os.getpid()),
        ]
    )


def _text(name: str, value: str) -> KeyValue:
    return KeyValue(key=name, value=AnyValue(string_value=value))


def _number(name: str, value: int) -> KeyValue:
    return KeyValue(key=name, value=AnyValue(int_value=value))
