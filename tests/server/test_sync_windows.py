"""What `examples/sync.py` makes of a list that moves while it is read."""

from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.server.sync_example import loaded

sync = loaded()
START = datetime(2026, 1, 1, tzinfo=UTC)
SMALL = {"LIMIT": 3, "LARGEST_OFFSET": 4, "REACH": 7}


class Practice:
    """A list of encounters that changes before some of the calls, as `sync.Api` shows it."""

    def __init__(self, seconds, changes=()):
        self.rows = [(START + timedelta(seconds=at), f"enc_{number}") for number, at in enumerate(seconds)]
        self.stayed = {row[1] for row in self.rows}
        self.changes = list(changes)
        self.added = 0

    def page(self, window, offset):
        for change in self.changes.pop(0) if self.changes else ():
            self.change(*change)
        found = sorted(row for row in self.rows if window.start <= row[0] < window.end)
        items = [{"encounter_id": name, "created_at": sync.rfc3339(at)} for at, name in found[offset : offset + 3]]
        return sync.Page(items, len(found))

    def change(self, kind, number):
        if kind == "added":
            self.added += 1
            at = START + timedelta(seconds=number, microseconds=self.added)
            self.rows.append((at, f"enc_added_{self.added}"))
        elif self.rows:
            gone = self.rows.pop(number % len(self.rows))
            self.stayed.discard(gone[1])

    def read(self):
        with mock.patch.multiple(sync, **SMALL):
            window = sync.Window(START, START + timedelta(seconds=100))
            return [item["encounter_id"] for page in sync.pages(self, window) for item in page.items]


ADDED = st.tuples(st.just("added"), st.integers(0, 99))
WITHDRAWN = st.tuples(st.just("withdrawn"), st.integers(0, 3))
CHANGES = st.lists(ADDED, max_size=2) | st.lists(WITHDRAWN, max_size=4)


@settings(max_examples=300)
@given(st.lists(st.integers(0, 9), min_size=4, max_size=30), st.lists(CHANGES, max_size=12))
def test_nothing_that_stays_is_missed_however_the_list_moves(seconds, changes):
    practice = Practice([at * 10 for at in seconds if seconds.count(at) <= 7], changes)
    assert practice.stayed <= set(practice.read())


@pytest.mark.parametrize("withdrawn", range(1, 4))
def test_withdrawals_before_the_place_that_is_reached_lose_nothing(withdrawn):
    practice = Practice(range(6), [[], [("withdrawn", 0)] * withdrawn])
    assert practice.stayed <= set(practice.read())


def test_without_changes_only_the_encounter_between_two_pages_is_read_twice():
    assert Practice(range(7)).read() == [
        "enc_0",
        "enc_1",
        "enc_2",
        "enc_2",
        "enc_3",
        "enc_4",
        "enc_4",
        "enc_5",
        "enc_6",
    ]


def test_more_encounters_of_one_instant_than_can_be_reached_are_not_passed_over():
    with pytest.raises(sync.Stop, match="share the created_at 2026-01-01T00:00:05Z"):
        Practice([5] * 8).read()
    assert len(set(Practice([5] * 7).read())) == 7
