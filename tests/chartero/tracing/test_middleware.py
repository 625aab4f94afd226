"""The middleware: there only with a collector, for calls of the API only, and never in the way of an answer."""

import pytest
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpResponse
from django.test import RequestFactory

from chartero import logs
from chartero.deployment import collectors
from chartero.metrics.calls import Calls
from chartero.tracing import calls
from chartero.tracing.calls import CALL
from chartero.tracing.middleware import TracingMiddleware
from partners.api.exchange import Exchange

CALLED = "/external/v1/key"


@pytest.mark.parametrize(("endpoint", "installed"), [("", True), ("http://127.0.0.1:9", False)])
def test_it_is_left_out_without_a_collector_or_its_package(settings, monkeypatch, endpoint, installed):
    settings.OTLP_ENDPOINT = endpoint
    monkeypatch.setattr(collectors, "is_installed", lambda: installed)
    with pytest.raises(MiddlewareNotUsed):
        TracingMiddleware(lambda request: HttpResponse())


def sending_module():
    return pytest.importorskip("chartero.tracing.sending", reason="needs deploy/otel.txt", exc_type=ImportError)


class Kept(list):
    """An outbox that keeps what it gets."""

    add = list.append


@pytest.fixture
def traced(settings, monkeypatch):
    """Return what asks the middleware, what it sends, and what was seen inside."""
    sending = sending_module()
    settings.OTLP_ENDPOINT = "http://127.0.0.1:9"
    kept, inside = Kept(), []
    monkeypatch.setattr(sending, "outbox", lambda: kept)
    monkeypatch.setattr(calls, "install", lambda: None)

    def answer(request):
        inside.append((CALL.get(), logs.TRACE_ID.get()))
        Exchange.begin(request)
        return HttpResponse(b"whole")

    def ask(path=CALLED, **changed):
        for name, value in changed.items():
            setattr(settings, name, value)
        return TracingMiddleware(answer)(RequestFactory().get(path))

    return ask, kept, inside


@pytest.mark.otel
def test_a_call_is_noted_and_sent(traced):
    ask, kept, inside = traced
    assert ask().content == b"whole"
    assert [(call, call.trace_id.hex()) for call in kept] == inside
    assert (CALL.get(), logs.TRACE_ID.get(), kept[0].outcome.status) == (None, None, 200)


@pytest.mark.otel
@pytest.mark.parametrize("path", ["/docs/", "/admin/", "/externals", "/healthz"])
def test_a_page_is_not(traced, path):
    ask, kept, inside = traced
    ask(path)
    assert (kept, inside) == ([], [(None, None)])


@pytest.mark.otel
def test_a_call_that_is_not_in_the_share_is_not(traced, monkeypatch):
    ask, kept, inside = traced
    monkeypatch.setattr("os.urandom", lambda number: b"\xff" * number)
    ask(OTLP_PERCENT=99)
    assert (kept, inside) == ([], [(None, None)])


@pytest.mark.otel
def test_a_fault_of_the_trace_is_none_of_the_call(traced, monkeypatch, caplog):
    ask, kept, _ = traced
    monkeypatch.setattr(kept, "add", None, raising=False)
    assert ask().content == b"whole"
    assert [record.getMessage() for record in caplog.records] == ["a call has no trace"]


@pytest.mark.otel
@pytest.mark.parametrize("token", ["", "x" * 32])
def test_what_is_dropped_is_counted_where_there_are_metrics(settings, monkeypatch, token):
    sending, counting = sending_module(), Calls()
    monkeypatch.setattr("chartero.metrics.calls.CALLS", counting)
    settings.OTLP_ENDPOINT, settings.METRICS_TOKEN = "http://127.0.0.1:9", token
    outbox = sending.outbox.__wrapped__()
    outbox._drop(3)
    assert counting.metrics.untraced._value.get() == (3 if token else 0)
