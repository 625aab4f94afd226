import pytest
from django.test import RequestFactory
from rest_framework.request import Request

from partners.api.exchange import Exchange


def test_a_request_has_one_exchange_as_django_and_as_drf_see_it():
    request = RequestFactory().get("/")
    exchange = Exchange.begin(request)
    assert Exchange.of(request) is exchange is Exchange.of(Request(request))


def test_each_exchange_has_an_id_of_its_own_and_knows_no_key_yet():
    first, second = (Exchange.begin(RequestFactory().get("/")) for _ in range(2))
    assert first.request_id != second.request_id
    assert first.request_id.startswith("req_")
    assert (first.call, first.query) == (None, "")


def test_a_header_is_never_taken_for_it():
    request = RequestFactory(headers={"partners.api.exchange": "x", "X-Request-ID": "req_" + "0" * 22}).get("/")
    with pytest.raises(KeyError):
        Exchange.of(request)
    assert Exchange.begin(request).request_id != "req_" + "0" * 22


def test_what_was_read_is_forgotten_but_the_call_stays_counted():
    exchange = Exchange(query="limit=2", counted=True)
    began = exchange.request_id, exchange.started
    exchange.forget()
    assert (exchange.call, exchange.query, exchange.counted) == (None, "", True)
    assert (exchange.request_id, exchange.started) == began


def test_the_time_runs_in_microseconds(monkeypatch):
    exchange = Exchange(started=10.0)
    monkeypatch.setattr("time.perf_counter", lambda: 10.0015006)
    assert exchange.elapsed_microseconds == 1501
