"""Calls as the spans that a collector reads."""

import os

import pytest

from chartero.tracing.calls import Call, Outcome, Part
from tests.chartero.tracing.receiver import ERROR, SERVER, decoded

encoding = pytest.importorskip("chartero.tracing.encoding", reason="needs deploy/otel.txt", exc_type=ImportError)
pytestmark = pytest.mark.otel
TRACE, PARENT = b"t" * 16, b"p" * 8
SERVED = Outcome("GET", "https", "/external/v1/key", 200, "served", "")


def call(outcome=SERVED, **facts) -> Call:
    made = Call(TRACE, begun=1_000, since=5_000_000_000, ended=4_000, outcome=outcome, request_id="req_1")
    for name, value in facts.items():
        setattr(made, name, value)
    return made


def seen(*calls):
    return list(decoded(encoding.body(calls)))


def test_a_call_is_a_span_of_its_own_trace():
    (found,) = seen(call(statements=3, waited=1_500_000))
    span = found.span
    assert (span.name, span.kind, span.status.code, span.flags) == ("GET /external/v1/key", SERVER, 0, 0x101)
    assert (span.trace_id, span.parent_span_id, len(span.span_id)) == (TRACE, b"", 8)
    assert (span.start_time_unix_nano, span.end_time_unix_nano) == (5_000_001_000, 5_000_004_000)
    assert found.attributes == {
        "http.request.method": "GET",
        "url.scheme": "https",
        "http.route": "/external/v1/key",
        "http.response.status_code": 200,
        "chartero.reason_code": "served",
        "chartero.request_id": "req_1",
        "chartero.database.statements": 3,
        "chartero.database.seconds": 0.0015,
    }
    assert found.process["service.name"] == "chartero"
    assert (found.process["process.pid"], found.process["deployment.environment.name"]) == (os.getpid(), "development")


def test_a_call_below_a_proxy_names_its_span():
    (found,) = seen(call(parent_id=PARENT))
    assert (found.span.parent_span_id, found.span.flags) == (PARENT, 0x301)


def test_parts_are_below_the_call():
    own, *parts = seen(call(parts=[Part("credentials", 1_500, 2_000), Part("ledger", 3_000, 3_900)]))
    assert [each.span.name for each in parts] == ["credentials", "ledger"]
    assert {(each.span.trace_id, each.span.parent_span_id, each.span.flags) for each in parts} == {
        (TRACE, own.span.span_id, 0x101)
    }
    assert [each.span.start_time_unix_nano for each in parts] == [5_000_001_500, 5_000_003_000]
    assert len({each.span.span_id for each in (own, *parts)}) == 3


@pytest.mark.parametrize(
    ("outcome", "name", "code"),
    [
        (SERVED._replace(route=""), "GET", 0),
        (SERVED._replace(method="_OTHER", status=405), "HTTP /external/v1/key", 0),
        (SERVED._replace(method="_OTHER", route="", status=404), "HTTP", 0),
        (SERVED._replace(status=499, reason="x"), "GET /external/v1/key", 0),
        (SERVED._replace(status=500, error="ValueError"), "GET /external/v1/key", ERROR),
    ],
)
def test_a_span_is_named_by_its_route_and_only_5xx_is_an_error(outcome, name, code):
    (found,) = seen(call(outcome))
    assert (found.span.name, found.span.status.code, found.span.status.message) == (name, code, "")
    assert found.attributes.get("error.type", "") == outcome.error
    assert ("http.route" in found.attributes) == bool(outcome.route)


def test_several_calls_are_one_body():
    assert [each.span.name for each in seen(call(), call(SERVED._replace(route="")))] == ["GET /external/v1/key", "GET"]
