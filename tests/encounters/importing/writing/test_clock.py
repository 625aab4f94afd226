from datetime import UTC, datetime, timedelta

from encounters.importing.writing.clock import MICROSECOND, Clock

START = datetime(2026, 6, 1, tzinfo=UTC)


def test_rows_rise_by_a_microsecond_and_batches_catch_up(monkeypatch):
    times = iter([START, START, START + timedelta(seconds=5)])
    monkeypatch.setattr("django.utils.timezone.now", lambda: next(times))
    clock = Clock()
    clock.start_batch()
    first = [clock.tick(), clock.tick()]
    clock.start_batch()
    assert first == [START + 2 * MICROSECOND, START + 3 * MICROSECOND]
    assert clock.tick() == START + timedelta(seconds=5) + MICROSECOND


def test_times_increase_even_if_the_clock_stops_or_goes_back(monkeypatch):
    times = iter([START, START - timedelta(hours=1), START - timedelta(hours=1)])
    monkeypatch.setattr("django.utils.timezone.now", lambda: next(times))
    clock, ticks = Clock(), []
    for _ in range(2):
        clock.start_batch()
        ticks += [clock.tick(), clock.tick()]
    assert ticks == sorted(set(ticks))
