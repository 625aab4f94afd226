"""Calls on their way to the collector: bounded, tried again, counted where they are lost, and never waited for."""

import threading
import time

import pytest

from chartero.tracing import outbox
from chartero.tracing.calls import Call
from chartero.tracing.outbox import Outbox
from chartero.tracing.posting import Receipt

OK, BUSY, WRONG = Receipt(status=200), Receipt(status=503), Receipt(status=400)


class Sent:
    """What an outbox sends. It gets these receipts in turn, the last one for all that follow."""

    def __init__(self, *receipts):
        self.receipts, self.batches, self.lost = list(receipts), [], 0
        self.outbox = Outbox(self.send, self.drop)

    def send(self, calls):
        receipt = self.receipts.pop(0) if len(self.receipts) > 1 else self.receipts[0]
        self.batches.append(([call.trace_id for call in calls], receipt))
        if isinstance(receipt, Exception):
            raise receipt
        return receipt

    def drop(self, number):
        self.lost += number

    @property
    def taken(self):
        return [each for batch, receipt in self.batches if receipt is OK for each in batch]

    def add(self, *names):
        for name in names:
            self.outbox.add(Call(name))


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(outbox, "PAUSE", 0.02)
    monkeypatch.setattr(outbox.atexit, "register", lambda function: None)


def until(holds):
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_calls_are_sent_together_and_in_order():
    sent = Sent(OK)
    sent.add(b"1", b"2", b"3")
    sent.outbox.end()
    assert (sent.taken, sent.lost) == ([b"1", b"2", b"3"], 0)


def test_many_calls_are_sent_in_several_requests(monkeypatch):
    monkeypatch.setattr(outbox, "BATCH", 2)
    sent = Sent(OK)
    sent.add(*(bytes([n]) for n in range(5)))
    sent.outbox.end()
    assert sent.taken == [bytes([n]) for n in range(5)]
    assert max(len(batch) for batch, _ in sent.batches) == 2


@pytest.mark.parametrize("failure", [BUSY, Receipt(fault="ConnectionRefusedError")])
def test_a_passing_failure_loses_nothing(failure):
    sent = Sent(failure, failure, OK)
    sent.add(b"1", b"2")
    until(lambda: len(sent.taken) == 2)
    assert (sent.taken, sent.lost, len(sent.batches)) == ([b"1", b"2"], 0, 3)
    sent.outbox.end()


@pytest.mark.parametrize("failure", [WRONG, ValueError("one of ours")])
def test_what_will_never_be_taken_is_dropped_and_counted(failure, caplog):
    sent = Sent(failure, OK)
    sent.add(b"1")
    until(lambda: sent.lost == 1)
    sent.add(b"2")
    sent.outbox.end()
    assert (sent.taken, sent.lost) == ([b"2"], 1)
    assert "one of ours" not in caplog.text


def test_beyond_so_many_the_newest_are_dropped(monkeypatch):
    monkeypatch.setattr(outbox, "MOST", 3)
    sent = Sent(BUSY)
    sent.add(*(bytes([n]) for n in range(10)))
    until(lambda: sent.batches)
    assert (sent.lost, sent.batches[0][0]) == (7, [b"\0", b"\1", b"\2"])
    sent.outbox.end()
    assert sent.lost == 10


def test_attempts_become_rare_while_they_fail(monkeypatch):
    monkeypatch.setattr(outbox, "PAUSE", 0.1)
    sent = Sent(BUSY)
    sent.add(b"1")
    time.sleep(1.5)
    assert 2 <= len(sent.batches) <= 5
    sent.outbox.end()


def test_a_collector_that_hangs_holds_up_nobody_and_no_end():
    sent, hangs = Sent(OK), threading.Event()
    sent.outbox._send = lambda calls: hangs.wait(20) and OK
    sent.add(b"1")
    time.sleep(0.2)
    begun = time.monotonic()
    sent.add(b"2", b"3")
    sent.outbox.end(0.2)
    assert time.monotonic() - begun < 5
    assert sent.lost == 2
    hangs.set()


def test_a_line_a_minute_says_so(monkeypatch, caplog):
    sent = Sent(WRONG)
    for number in range(3):
        sent.add(b"1")
        until(lambda: sent.lost == number + 1)  # noqa: B023
    assert [record.getMessage() for record in caplog.records] == [
        "traces don't reach the collector, 1 calls were dropped"
    ]
    assert caplog.records[0].what == "HTTP 400"
    monkeypatch.setattr(outbox, "MINUTE", 0.0)
    sent.outbox._silent_until = 0.0
    sent.add(b"1")
    sent.outbox.end()
    assert caplog.records[-1].getMessage() == "traces don't reach the collector, 4 calls were dropped"


def test_a_system_without_threads_costs_the_trace_and_not_the_call(monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    sent = Sent(OK)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        sent.add(b"1")
    sent.add(b"2")
    sent.outbox.end()
    assert sent.taken == [b"1", b"2"]


def test_an_outbox_without_calls_has_no_thread():
    before = threading.active_count()
    sent = Sent(OK)
    assert threading.active_count() == before
    sent.outbox.end()
    assert sent.batches == []
