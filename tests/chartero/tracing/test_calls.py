"""What is noted of a call: its parts, its statements and what became of it, and nothing outside of one."""

import time

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from chartero.tracing import calls
from chartero.tracing.calls import Call, Outcome
from partners.api.exchange import Exchange
from partners.api.responses import Refusal, fault_response
from partners.catalogue.reasons import Reason
from partners.statements import Statement


def raising(*_):
    raise LookupError


def timed(function, name="part"):
    return calls.noted(function, calls.as_part(name))


def counted(function):
    return calls.noted(function, calls.as_statement)


@pytest.mark.parametrize("wrap", [timed, counted])
def test_a_function_is_the_same_for_who_calls_it(wrap):
    add = wrap(lambda a, *, b: a + b)
    with calls.noting(Call(b"1")):
        assert add(1, b=2) == 3
        with pytest.raises(LookupError):
            wrap(raising)()
    assert add(1, b=2) == 3


def test_parts_and_statements_are_noted_with_their_times_also_where_they_fail():
    call = Call(b"1")
    slow, failing = timed(lambda: time.sleep(0.02), "slow"), timed(raising, "failing")
    statement = counted(lambda: time.sleep(0.01))
    with calls.noting(call):
        slow()
        with pytest.raises(LookupError):
            failing()
        statement()
        statement()
    slow()
    statement()
    assert [part.name for part in call.parts] == ["slow", "failing"]
    assert call.begun <= call.parts[0].begun < call.parts[0].ended <= call.parts[1].begun
    assert call.parts[0].ended - call.parts[0].begun >= 20_000_000
    assert (call.statements, call.waited >= 20_000_000) == (2, True)


def test_the_time_of_a_call_is_that_of_the_clock():
    second, before = 1_000_000_000, time.time_ns()
    call = Call(b"1")
    assert before - second < call.since + call.begun < time.time_ns() + second


def answered(answer, method="GET", path="/external/v1/key", **request):
    asked = RequestFactory().generic(method, path, **request)
    Exchange.begin(asked)
    call = calls.answered(Call(b"1"), asked, answer)
    assert call.request_id == Exchange.of(asked).request_id
    assert call.ended >= call.begun
    return call.outcome


def test_what_became_of_a_call_is_told_in_words_of_the_catalogue():
    assert answered(HttpResponse()) == Outcome("GET", "http", "", 200, "served", "")
    refused = answered(Refusal(Reason.INVALID_LIMIT, "limit"), "HEAD", secure=True)
    assert refused == Outcome("HEAD", "https", "", 422, "invalid_limit", "")
    assert answered(Refusal(Reason.SERVICE_UNAVAILABLE)).error == "503"
    fault = LookupError("secret")
    assert answered(fault_response(fault)) == Outcome("GET", "http", "", 500, "internal_error", "LookupError")


def test_a_method_of_the_callers_own_is_not_told():
    assert answered(HttpResponse(), "SECRET").method == "_OTHER"


@pytest.fixture
def installed(monkeypatch):
    """Have calls noted as in a server with a collector, until the test ends."""
    for owner, name in (*calls.PARTS.values(), (Statement, "_run")):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    calls.install.__wrapped__()


def test_a_call_is_noted_from_the_credentials_to_the_ledger(installed, api):
    call = Call(b"1")
    with calls.noting(call):
        assert api.get("/external/v1/key").status_code == 200
    assert [part.name for part in call.parts] == ["credentials", "ledger"]
    assert call.statements >= 2
    assert 0 < call.waited < time.perf_counter_ns() - call.begun


def test_nothing_is_noted_by_default():
    functions = [getattr(owner, name) for owner, name in calls.PARTS.values()] + [Statement._run]
    assert [hasattr(function, "__wrapped__") for function in functions] == [False] * 3
