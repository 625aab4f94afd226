"""The stopwatch of the tests counts what is waited for, and leaves out what stood still."""

import time
from types import SimpleNamespace

from tests import stopwatch
from tests.stopwatch import Stopwatch, running


def test_a_wait_is_counted():
    with running() as watch:
        time.sleep(0.5)
        assert watch.seconds() + watch.lost >= 0.5
    assert watch.lost == 0 or watch.lost > stopwatch.LONG


def test_a_long_time_without_a_look_is_left_out(monkeypatch):
    looks = iter([100.0, 100.1, 103.1, 103.2])
    monkeypatch.setattr(stopwatch, "time", SimpleNamespace(monotonic=lambda: next(looks)))
    watch = Stopwatch()
    assert [round(watch.seconds(), 3) for _ in range(3)] == [0.1, 0.1, 0.2]
    assert round(watch.lost, 3) == 3.0
