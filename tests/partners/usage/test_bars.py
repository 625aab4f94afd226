"""Where the bars of a chart are drawn, and which calls each stands for."""

from datetime import UTC, datetime, timedelta

import pytest

from partners.usage import bars
from partners.usage.marks import Mark
from partners.usage.reading import Count

START, HOUR = datetime(2026, 5, 25, 14, tzinfo=UTC), timedelta(hours=1)


def drawn(*found, largest=10, length=HOUR, **values):
    return bars.drawn(found, START, length, largest, **values)


def test_calls_are_summed_up_by_the_part_they_belong_to():
    counts = [Count(1, START + at * HOUR, code, 2) for at in (-1, 0, 1, 5, 6) for code in ("", "a", "b")]
    assert bars.sums(counts, START, 2 * HOUR, 3) == [(4, 8), (0, 0), (2, 4)]


def test_bars_stand_beside_each_other_with_refused_calls_on_top():
    first, second = drawn((5, 0), (4, 2))
    assert (first.x, first.middle, first.across) == ("5%", "25%", "40%")
    assert second.x == "55%"
    assert (first.served_y, first.served_height) == ("50%", "50%")
    assert (second.served_y, second.refused_y, second.refused_height) == ("60%", "40%", "20%")


def test_a_single_call_can_be_seen():
    (bar,) = drawn((0, 1), largest=100_000)
    assert (bar.served_height, bar.refused_height, bar.refused_y) == ("0%", "1.5%", "98.5%")


def test_a_bar_leads_to_its_calls():
    assert drawn((1, 0))[0].query == "time=own&start=2026-05-25T14:00:00&end=2026-05-25T15:00:00"


@pytest.mark.parametrize(("length", "label"), [(HOUR, "14:00"), (6 * HOUR, "05-25"), (24 * HOUR, "05-25")])
def test_labels_are_hours_or_days(length, label):
    assert [bar.label for bar in drawn((1, 0), (1, 0), length=length, labelled=[0])] == [label, ""]


def test_changes_are_marked_at_the_bar_of_their_time():
    marks = [Mark(START + at, "Key rotated", letter, None) for at, letter in ((HOUR, "R"), (1.5 * HOUR, "R"))]
    marks += [Mark(START + 2 * HOUR, "Key revoked", "X", None), Mark(START + 2.5 * HOUR, "Key rotated", "R", None)]
    none, alike, both = drawn((1, 0), (0, 0), (0, 0), marks=marks)
    assert (none.marks, alike.letter, both.letter) == ([], "R", "2")


@pytest.mark.parametrize(
    ("highest", "top"), [(0, 1), (1, 1), (2, 2), (3, 4), (5, 6), (7, 8), (9, 10), (10, 10), (11, 20), (641, 800)]
)
def test_the_scale_ends_with_a_round_number(highest, top):
    assert bars.top([(0, 0), (highest - highest // 3, highest // 3)]) == top


@pytest.mark.parametrize(
    ("calls", "largest", "share"), [(0, 0, 0), (0, 9, 0), (1, 100_000, 1), (50, 100, 50), (1, 3, 34), (100, 100, 100)]
)
def test_the_smallest_share_has_a_bar(calls, largest, share):
    assert bars.share(calls, largest) == share
