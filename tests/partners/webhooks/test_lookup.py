"""Lookups of names: their faults, their time limit and their number."""

import socket
import threading
import time

import pytest

from partners.webhooks import lookup
from tests.stopwatch import running


@pytest.fixture
def stuck(monkeypatch):
    """Let the name server be silent until the test ends; return what a test can count lookups by."""
    answer, begun = threading.Event(), []

    def look_up(host, port, **kwargs):
        begun.append(host)
        answer.wait(20)
        raise socket.gaierror(socket.EAI_AGAIN, "later")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(lookup, "_free", threading.BoundedSemaphore(2))
    yield begun
    answer.set()
    for thread in threading.enumerate():
        if thread.name == "webhook lookup":
            thread.join()


def addresses(seconds=5.0):
    return lookup.addresses("hooks.example.com", 443, deadline=time.monotonic() + seconds)


@pytest.mark.parametrize("fault", [socket.gaierror(socket.EAI_NONAME, "no such name"), UnicodeError(), OSError()])
def test_a_name_without_an_answer_is_unresolved(fault, monkeypatch):
    def look_up(*args, **kwargs):
        raise fault

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    for _ in range(lookup.MOST + 1):  # each gives its place back
        with pytest.raises(lookup.Unresolved, match=r"^hooks\.example\.com could not be resolved\.$"):
            addresses()


def test_a_silent_name_server_costs_the_time_until_the_deadline(stuck):
    begun = time.monotonic()
    with running() as watch, pytest.raises(lookup.Unresolved, match="did not answer in time"):
        addresses(0.1)
    assert time.monotonic() - begun >= 0.1
    assert watch.seconds() < 2


def test_lookups_that_wait_are_limited_in_number(stuck):
    for reason in ("did not answer", "did not answer", "Too many lookups", "Too many lookups"):
        with pytest.raises(lookup.Unresolved, match=reason):
            addresses(0.05)
    assert len(stuck) == 2


def test_a_deadline_in_the_past_is_no_error_of_its_own(stuck):
    with pytest.raises(lookup.Unresolved, match="did not answer in time"):
        addresses(-1)


def test_a_system_without_threads_is_no_leak(monkeypatch):
    def start(self):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        for _ in range(lookup.MOST + 1):
            with pytest.raises(lookup.Unresolved, match="can be started"):
                addresses()
