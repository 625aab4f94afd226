"""Traces of the production server: what the collector gets of each call, and that no call waits for it."""

import os
import socket
import statistics
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.chartero.metrics.scraped import TOKEN, scraped
from tests.chartero.tracing.receiver import ERROR, SERVER, receiving
from tests.server.deployment import Deployment

pytest.importorskip("opentelemetry.proto", reason="needs deploy/otel.txt")
pytestmark = [pytest.mark.otel, pytest.mark.server]
LIST, KEY = "/external/v1/encounters", "/external/v1/key"
DETAIL = f"{LIST}/{{encounter_id}}"
HEADERS = '{"Authorization": "Bearer of-the-collector"}'
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = {"traceparent": f"00-{TRACE}-{SPAN}-01"}


@pytest.fixture
def collector():
    with receiving() as receiver:
        yield receiver


@contextmanager
def traced(served, endpoint, log=Path(os.devnull), **settings):
    settings = {"CHARTERO_WORKERS": "1", "CHARTERO_OTLP_HEADERS": HEADERS} | settings
    server = Deployment(served.environment, web=served.web, tokens=served.tokens, log=log)
    with server.serving(CHARTERO_OTLP_ENDPOINT=endpoint, **settings):
        yield server


def record(served) -> tuple[dict, str]:
    """Return an encounter and the path of its first document."""
    items = served.get(f"{LIST}?limit=50", token=served.tokens["good"]).json()["items"]
    item = next(each for each in items if each["documents"])
    return item, f"{LIST}/{item['encounter_id']}/documents/{item['documents'][0]['document_id']}"


def test_each_call_is_a_span_that_says_nothing_of_whom(served, collector):
    item, document = record(served)
    with traced(served, collector.endpoint, CHARTERO_WORKERS="2") as server:
        key = server.tokens["good"]
        asked = {
            ("GET", f"{LIST}?limit=1"): (LIST, 200, "served"),
            ("HEAD", f"{LIST}/{item['encounter_id']}"): (DETAIL, 200, "served"),
            ("GET", f"{LIST}/{item['encounter_id']}?x=secret-query"): (DETAIL, 400, "unsupported_filter"),
            ("GET", document): (f"{DETAIL}/documents/{{document_id}}", 200, "served"),
            ("GET", "/external/v1/secret-path"): (None, 404, "route_not_found"),
            ("POST", KEY): (KEY, 405, "method_not_allowed"),
        }
        answers = {each: server.get(each[1], method=each[0], token=key) for each in asked}
        without = server.get(LIST)
        probes = [server.get(path).status for path in ("/healthz", "/docs/")]
    spans = {each.attributes["chartero.request_id"]: each for each in collector.calls()}
    assert (len(spans), probes) == (len(asked) + 1, [200, 200])
    for (method, target), (route, status, reason) in asked.items():
        answer = answers[method, target]
        found = spans[answer.headers["X-Request-ID"]]
        said = found.attributes
        assert answer.status == status
        assert found.span.name == (f"{method} {route}" if route else method)
        assert (said["http.request.method"], said.get("http.route")) == (method, route)
        assert (said["http.response.status_code"], said["chartero.reason_code"]) == (status, reason)
        assert (found.span.kind, found.span.status.code, found.span.parent_span_id) == (SERVER, 0, b"")
        assert 0 <= said["chartero.database.seconds"] <= found.seconds < 5
    refused = spans[without.headers["X-Request-ID"]]
    assert refused.attributes["chartero.reason_code"] == "missing_bearer"
    assert len({each.span.trace_id for each in spans.values()}) == len(spans)
    assert {each.process["service.name"] for each in spans.values()} == {"chartero"}
    sent = collector.bytes()
    patient = item["patient"]
    secrets = [*key.split("_")[-2:], item["encounter_id"], document[-26:], served.organization_id, "secret-", "SELECT"]
    secrets += [str(value) for value in patient.values() if value] + ["127.0.0.1", "limit=", "python"]
    assert [each for each in secrets if each.encode() in sent.replace(collector.endpoint[7:].encode(), b"")] == []
    assert {(path, headers["Authorization"]) for path, headers, _ in collector.requests} == {
        ("/v1/traces", "Bearer of-the-collector")
    }


def test_where_the_time_went_is_told(served, collector):
    with traced(served, collector.endpoint) as server:
        answer = server.get(f"{LIST}?limit=1", token=server.tokens["good"])
        server.get(LIST, headers={"Authorization": "Basic x"})
    (call, refused) = collector.calls()
    assert call.attributes["chartero.request_id"] == answer.headers["X-Request-ID"]
    assert 3 <= call.attributes["chartero.database.statements"] <= 8
    assert refused.attributes["chartero.database.statements"] == 0
    parts = [each for each in collector.spans() if each.span.trace_id == call.span.trace_id and each is not call]
    parts = [each for each in parts if each.span.kind != SERVER]
    assert [each.span.name for each in parts] == ["credentials", "ledger"]
    for part in parts:
        assert (part.span.parent_span_id, part.attributes) == (call.span.span_id, {})
        assert call.span.start_time_unix_nano <= part.span.start_time_unix_nano
        assert part.span.end_time_unix_nano <= call.span.end_time_unix_nano
    assert abs(call.span.end_time_unix_nano / 1e9 - time.time()) < 60


@pytest.mark.parametrize("continues", [True, False])
def test_only_a_trusted_proxy_says_in_which_trace_a_call_is(served, collector, continues):
    settings = {"CHARTERO_BEHIND_PROXY": str(int(continues)), "CHARTERO_OTLP_TRACEPARENT": "1"}
    with traced(served, collector.endpoint, **settings) as server:
        key = server.tokens["good"]
        server.get(KEY, token=key, headers=PARENT)
        server.get(KEY, token=key, headers={"traceparent": f"00-{TRACE}-{SPAN}-00"})
        server.get(KEY, token=key, headers={"traceparent": f"{PARENT['traceparent']}-x", "tracestate": "secret=1"})
    found = [(each.span.trace_id.hex(), each.span.parent_span_id.hex()) for each in collector.calls()]
    assert found[:1] == [(TRACE, SPAN)] if continues else (TRACE not in str(found))
    assert len(found) == (2 if continues else 3)
    assert found[-1][1] == ""
    assert b"secret" not in collector.bytes()


def test_a_fault_is_an_error_whose_log_line_names_the_trace(served, collector, tmp_path):
    log = tmp_path / "log"
    broken = {"DATABASE_URL": f"sqlite:///{tmp_path}/empty.sqlite3"}
    server = Deployment(served.environment, web={}, tokens=served.tokens, log=log)
    with server.serving(CHARTERO_OTLP_ENDPOINT=collector.endpoint, CHARTERO_WORKERS="1", **broken):
        assert server.get(LIST, token=served.tokens["good"]).status == 503
    (call,) = collector.calls()
    assert call.span.status.code == ERROR
    assert (call.attributes["http.response.status_code"], call.span.status.message) == (503, "")
    assert call.attributes["error.type"].startswith("OperationalError")
    assert f'"trace_id": "{call.span.trace_id.hex()}"' in log.read_text()
    assert b"no such table" not in collector.bytes()


def seconds(server) -> float:
    """Return the seconds that a call takes."""
    begun = time.monotonic()
    assert server.get(f"{LIST}?limit=1", token=server.tokens["good"]).status == 200
    return time.monotonic() - begun


@pytest.mark.parametrize("fault", ["down", "silent", "refusing"])
def test_no_call_waits_for_a_collector_that_fails(served, collector, tmp_path, fault):
    log, collector.status = tmp_path / "log", 400
    with socket.create_server(("127.0.0.1", 0)) as silent:
        nowhere = {"down": "http://127.0.0.1:9", "silent": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        with traced(served, nowhere.get(fault, collector.endpoint), log, CHARTERO_METRICS_TOKEN=TOKEN) as server:
            end, took, usual = time.monotonic() + 3, [], []
            while time.monotonic() < end or len(took) < 50:
                took.append(seconds(server))
                usual.append(seconds(served))
            dropped = scraped(server)("chartero_traces_dropped_total")
    assert statistics.median(took) < 2 * statistics.median(usual) + 0.02
    assert (dropped > 0) == (fault == "refusing")
    assert log.read_text().count("traces don't reach the collector") == 1
    assert "of-the-collector" not in log.read_text()
    assert "SIGKILL" not in log.read_text()  # it stopped in time


def test_what_waits_is_sent_when_a_server_stops(served, collector):
    with traced(served, collector.endpoint) as server:
        key = server.tokens["good"]
        for _ in range(3):
            server.get(KEY, token=key)
        pids = {each.process["process.pid"] for each in collector.until(3)}
        server.get(KEY, token=key)
    found = collector.calls()
    assert len(found) == 4
    assert {each.process["process.pid"] for each in found} == pids


def test_without_a_collector_nothing_is_loaded(served):
    script = (
        "import sys; from chartero.wsgi import application; "
        "print([each for each in sys.modules if each.startswith(('opentelemetry', 'google', 'chartero.tracing.'))])"
    )
    done = subprocess.run(
        [served.python, "-c", script], cwd=served.root, env=served.environment, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "['chartero.tracing.middleware']", done.stderr
