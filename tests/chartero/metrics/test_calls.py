"""What is counted of a call, and that no label comes from a caller."""

import pytest
from django import db
from django.http import HttpResponse
from django.test import RequestFactory
from prometheus_client import generate_latest

from chartero.metrics import page
from chartero.metrics.calls import NO_ROUTE, Calls
from chartero.postgresql.breaker import Paused
from encounters import replica
from partners.api.exchange import Exchange
from partners.api.responses import Refusal
from partners.catalogue.reasons import Reason
from partners.catalogue.routes import Route
from tests.chartero.metrics.scraped import Scraped


@pytest.fixture
def calls():
    return Calls()


def found(calls) -> Scraped:
    return Scraped(generate_latest(calls.metrics.registry))


def request(path="/external/v1/x"):
    request = RequestFactory().get(path)
    Exchange.begin(request)
    return request


def refusal(fault: Exception | None, cause: Exception | None = None) -> Refusal:
    refusal = Refusal(Reason.SERVICE_UNAVAILABLE)
    refusal.fault = fault
    if fault is not None:
        fault.__cause__ = cause
    return refusal


def test_what_matters_most_is_there_before_it_happens(calls):
    for route in (*(each.route_name for each in Route), NO_ROUTE):
        for reason in ("served", "service_unavailable", "internal_error", "digest_key_unavailable"):
            assert found(calls)("chartero_calls_total", route=route, reason=reason) == 0
        assert found(calls)("chartero_call_duration_seconds_count", route=route) == 0


def test_an_answer_is_counted_by_route_reason_and_status(calls):
    for _ in range(3):
        calls.note(request("/external/v1/enc_1?ch_sk_x"), Refusal(Reason.ROUTE_NOT_FOUND))
    calls.note(request(), HttpResponse(b"{}"))
    labels = {"route": "none", "reason": "route_not_found", "status": "404"}
    assert found(calls)("chartero_calls_total", **labels) == 3
    assert found(calls)("chartero_calls_total", reason="served", status="200") == 1
    assert found(calls)("chartero_call_duration_seconds_count", route="none") == 4
    assert 0 < found(calls)("chartero_call_duration_seconds_sum") < 4


@pytest.mark.parametrize(
    ("fault", "cause", "off_record", "counted"),
    [
        (None, None, True, (0, 0)),  # refused without a fault: no case of ours
        (db.OperationalError(), Paused(), False, (1, 0)),
        (db.OperationalError(), TimeoutError(), False, (0, 0)),
        (db.OperationalError(), TimeoutError(), True, (0, 1)),
        (db.OperationalError(), Paused(), True, (1, 1)),
    ],
)
def test_calls_that_are_shed_and_calls_off_record_are_counted(calls, fault, cause, off_record, counted):
    refused = refusal(fault, cause)
    refused.off_record = off_record
    calls.note(request(), refused)
    names = ("chartero_calls_shed_total", "chartero_calls_off_record_total")
    assert tuple(map(found(calls), names)) == counted


def test_a_call_with_a_key_has_the_route_that_it_called(api, settings, monkeypatch):
    calls = Calls()
    monkeypatch.setattr("chartero.metrics.calls.CALLS", calls)
    settings.METRICS_TOKEN = "x" * 32
    for path in ("encounters", "key", "encounters/enc_0/documents/doc_0"):
        api.get(f"/external/v1/{path}")
    assert found(calls)("chartero_calls_total", route="encounters.list", reason="served") == 1
    assert found(calls)("chartero_calls_total", route="key.read", reason="served") == 1
    assert found(calls)("chartero_calls_total", route="documents.detail", reason="encounter_not_found") == 1


@pytest.mark.parametrize("token", ["", "x" * 32])
def test_where_calls_read_is_counted_by_outcome_from_zero(calls, settings, monkeypatch, token):
    monkeypatch.setattr("chartero.metrics.calls.CALLS", calls)
    monkeypatch.setattr(replica.read_from, "receivers", [])
    settings.METRICS_TOKEN = token
    page.counting()
    page.counting()
    replica.read_from.send(sender=None, outcome=replica.Outcome.BEHIND)
    counted = {each: found(calls)("chartero_replica_reads_total", outcome=each.value) for each in replica.Outcome}
    assert counted == {each: token != "" and each == "behind" for each in replica.Outcome}
