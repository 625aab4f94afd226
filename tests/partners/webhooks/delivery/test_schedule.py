"""When a delivery is attempted again."""

from datetime import timedelta

import pytest

from partners.webhooks.delivery import schedule
from tests.factories import START

HOUR = 3600


@pytest.mark.parametrize(
    ("step", "seconds"),
    [(1, 5), (2, 300), (3, 1800), *((4 + at, HOUR * hours) for at, hours in enumerate((2, 5, 10, 14, 20, 24)))],
)
def test_the_wait_is_that_of_the_contract_with_jitter(step, seconds):
    waits = {(schedule.next_attempt(step, START, None) - START).total_seconds() for _ in range(50)}
    assert seconds <= min(waits)
    assert max(waits) <= 1.2 * seconds
    assert len(waits) > 1


def test_the_tenth_attempt_is_the_last():
    assert len(schedule.DELAYS) == 10
    assert schedule.next_attempt(10, START, timedelta(seconds=1)) is None


@pytest.mark.parametrize(("asked", "seconds"), [(60, 60), (1, 5), (-60, 5), (10**8, 24 * HOUR)])
def test_retry_after_makes_the_wait_longer_within_the_longest(asked, seconds):
    wait = schedule.next_attempt(1, START, timedelta(seconds=asked)) - START
    assert seconds <= wait.total_seconds() <= 1.2 * seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Mon, 25 May 2026 14:01:00 GMT", 60),
        ("Mon, 25 May 2026 14:01:00 -0000", 60),
        (None, None),
        ("", None),
        ("-1", None),
        ("1e3", None),
        ("\u0661", None),
        ("9" * 10, None),
        ("tomorrow", None),
        ("Mon, 99 May 2026 14:01:00 GMT", None),
        ("Mon, 25 May 99999999999 14:01:00 GMT", None),
        ("Mon, 25 May 2026 99999999999999999999:01:00 GMT", None),
        ("Mon, 25 May 2026 14:01:00 +99999999999999", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(text, seconds):
    wait = schedule.retry_after(text, START)
    assert (wait and wait.total_seconds()) == seconds or wait == timedelta(0) == timedelta(seconds=seconds)
