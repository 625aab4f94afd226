"""Faults that repeat: the first at once, then one line a minute, and nothing is lost from the count."""

import random

import pytest

from chartero import repeats
from chartero.repeats import Repeats


class Log:
    """Events at times of the test's own, and the lines that come of them."""

    def __init__(self) -> None:
        self.now, self.lines, self.events = 0.0, [], 0
        self.repeats = Repeats(lambda: self.now)

    def event(self, kind="a", after=0.0):
        self.now += after
        self.events += 1
        if self.repeats.is_due():
            self.lines += self.repeats.close()
        line = self.repeats.take(kind, {"number": self.events}, lambda: {"kind": kind, "number": self.events})
        self.lines += [line] if line else []

    def close(self, after=0.0, **options):
        self.now += after
        assert self.repeats.is_due() or options
        self.lines += self.repeats.close(**options)

    @property
    def total(self) -> int:
        return sum(1 + line.get("repeated", 0) for line in self.lines)


@pytest.fixture
def log() -> Log:
    return Log()


def test_the_first_is_written_at_once_and_the_others_are_counted(log):
    for _ in range(100):
        log.event()
    assert log.lines == [{"kind": "a", "number": 1}]
    log.close(after=60)
    assert log.lines[1:] == [{"kind": "a", "number": 100, "repeated": 98}]


def test_kinds_are_apart(log):
    for kind in "abab":
        log.event(kind)
    assert [line["kind"] for line in log.lines] == ["a", "b"]
    log.close(after=60)
    assert [line["number"] for line in log.lines] == [1, 2, 3, 4]


def test_an_event_that_comes_again_after_a_minute_is_a_line_of_its_own(log):
    log.event()
    log.event(after=60)
    assert log.lines == [{"kind": "a", "number": 1}, {"kind": "a", "number": 2}]
    assert not log.repeats.is_due()


def test_what_was_left_out_is_counted_even_if_nobody_asked_in_time(log):
    for after in (0, 1):
        log.event(after=after)
    log.now = 61
    assert log.repeats.take("a", {}, lambda: {"kind": "a"}) == {"kind": "a", "repeated": 1}


def test_an_outage_of_an_hour_is_a_line_a_minute(log):
    for _ in range(3600 * 20):
        log.event(after=0.05)
    assert 60 <= len(log.lines) <= 62
    log.close(every=True)
    assert log.total == log.events


def test_nothing_is_due_before_its_minute_is_over(log):
    log.event()
    log.event(after=59)
    log.now = 59.9
    assert not log.repeats.is_due()
    assert log.repeats.close() == []
    log.close(after=0.1)
    assert log.total == 2
    assert not log.repeats.is_due()


def test_the_end_of_the_process_waits_for_no_minute(log):
    log.event()
    log.event(after=1)
    log.close(every=True)
    assert log.total == 2


def test_the_number_of_kinds_is_bounded_and_beyond_it_they_count_as_one(log, monkeypatch):
    monkeypatch.setattr(repeats, "MOST", 3)
    for number in range(10):
        log.event(f"kind {number}")
    assert len(log.lines) == 4
    log.close(every=True)
    assert log.total == 10
    log.event("later", after=120)
    assert log.lines[-1] == {"kind": "later", "number": 11}


def test_lines_and_numbers_add_up_whatever_happens(log, monkeypatch):
    monkeypatch.setattr(repeats, "MOST", 5)
    chance = random.Random(7)
    for _ in range(3000):
        log.event(chance.choice("abcdefgh"), after=chance.choice([0, 0, 0.5, 30, 61]))
    log.close(every=True)
    assert log.total == log.events == 3000
