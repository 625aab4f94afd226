"""What `examples/sync.py` makes of changes: nothing lost and nothing twice, wherever it is killed."""

import argparse
import json
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.server.sync_example import loaded

sync = loaded()
START = datetime(2026, 1, 1, tzinfo=UTC)
SMALL = {"LIMIT": 3, "LARGEST_OFFSET": 4, "REACH": 7, "tell": lambda line: None}


class Killed(Exception):
    """The program ends here."""


class Service:
    """Encounters and their changes as `sync.Api` shows them. Something happens before some of the calls."""

    def __init__(self, size, steps=()):
        self.rows, self.log, self.number, self.versions = {}, [], 0, 0
        self.steps, self.enabled, self.kept_from = [], True, 0
        for place in range(size):
            self.add(place * 10)
        self.log.clear()  # from before the log began
        self.steps = list(steps)

    def step(self):
        """Let the next thing happen."""
        kind, number = self.steps.pop(0) if self.steps else (None, 0)
        if kind == "kill":
            raise Killed
        if kind in ("enable", "disable"):
            self.enabled = kind == "enable"
        elif kind == "expire":
            self.kept_from = len(self.log)
        elif kind == "add":
            self.add(number)
        elif kind and self.rows:
            getattr(self, kind)([*self.rows][number % len(self.rows)])

    def add(self, second):
        self.number += 1
        at = START + timedelta(seconds=second, microseconds=self.number)
        self.rows[f"enc_{self.number}"] = self._encounter(f"enc_{self.number}", at)
        self.log.append((f"enc_{self.number}", False))

    def amend(self, name):
        self.rows[name] = self._encounter(name, sync.moment(self.rows[name]["created_at"]))
        self.log.append((name, False))

    def withdraw(self, name):
        del self.rows[name]
        self.log.append((name, True))

    def _encounter(self, name, at):
        """Return a version that is dated before the one that it replaces: the source's clock is wrong."""
        self.versions += 1
        dated = START + timedelta(days=100) - timedelta(seconds=self.versions)
        times = {"created_at": sync.rfc3339(at), "updated_at": sync.rfc3339(dated)}
        return {"encounter_id": name, **times, "version": self.versions}

    def page(self, window, offset):
        self.step()
        found = [each for each in self.rows.values() if window.start <= sync.moment(each["created_at"]) < window.end]
        found.sort(key=lambda each: (sync.moment(each["created_at"]), each["encounter_id"]))
        return sync.Page(found[offset : offset + 3], len(found))

    def changes(self, cursor):
        self.step()
        if not self.enabled:
            raise sync.NotEnabled("403 route_not_allowed.", sync.ACCESS)
        place = int(cursor or self.kept_from)
        if place < self.kept_from:
            raise sync.Expired("410 cursor_expired.", sync.CALL)
        return sync.Changes(self.log[place : place + 2], str(min(place + 2, len(self.log))), place + 2 < len(self.log))

    def encounter(self, encounter_id):
        self.step()
        return self.rows.get(encounter_id)


class State(sync.State):
    """A state that the program may not live to write."""

    def __init__(self, file, service):
        super().__init__(file, "https://a")
        self.service = service

    def write(self, progress):
        self.service.step()
        return super().write(progress)


class Partner:
    """The copy of a service, and the runs of the program."""

    def __init__(self, folder, service):
        self.folder, self.service = Path(folder), service

    def run(self, since=None, **options):
        """Run the program once. Return False if it was killed."""
        given = {"since": since, "until": None, "list_only": False, "overlap": 0} | options
        state = State(self.folder / "state", self.service)
        with mock.patch.multiple(sync, **SMALL), closing(sync.Copy(self.folder / "copy")) as copy:
            try:
                sync.bring_up_to_date(self.service, copy, state, argparse.Namespace(**given))
            except (Killed, sync.Expired):
                return False
        return True

    def begin(self, **options):
        """Run the program, and kill it once a part of the list is copied."""

        def step():
            if len(self.copied()) > 5:
                raise Killed

        with mock.patch.object(self.service, "step", step):
            assert not self.run(since=START, **options)

    def bring_up_to_date(self, **options):
        """Run the program until nothing happens any more, and it is done."""
        done = False
        while self.service.steps or not done:
            begun = (self.folder / "state").exists()
            done = self.run(since=None if begun else START, **options)

    def copied(self):
        with closing(sync.Copy(self.folder / "copy")) as copy:
            rows = copy._database.execute("SELECT encounter FROM encounters").fetchall()
        return {each["encounter_id"]: each for each in (json.loads(line) for (line,) in rows)}


@pytest.fixture
def partner(tmp_path):
    partner = Partner(tmp_path, Service(8))
    partner.bring_up_to_date()
    return partner


KINDS = ["add", "amend", "amend", "withdraw", "kill", "expire", "disable", "enable"]
STEP = st.tuples(st.none() | st.sampled_from(KINDS), st.integers(0, 90))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 12), st.lists(STEP, max_size=40))
def test_the_copy_is_what_is_served_wherever_it_was_killed(size, steps):
    service = Service(size, steps)
    with tempfile.TemporaryDirectory() as folder:
        partner = Partner(folder, service)
        partner.bring_up_to_date()
        service.enabled = True
        partner.bring_up_to_date()
        assert partner.copied() == service.rows


def test_a_change_while_the_list_is_read_is_not_lost(tmp_path):
    service = Service(8, [(None, 0)] * 4 + [("amend", 0), ("withdraw", 1), ("add", 1)])
    partner = Partner(tmp_path, service)
    partner.bring_up_to_date()
    assert partner.copied() == service.rows


def test_only_what_changed_is_read(partner):
    partner.service.amend("enc_3"), partner.service.withdraw("enc_4"), partner.service.add(1)
    with mock.patch.object(partner.service, "page", side_effect=AssertionError):
        assert partner.run()
    assert partner.copied() == partner.service.rows


def test_an_expired_cursor_has_the_list_read_again_and_withdrawn_encounters_removed(partner):
    partner.service.amend("enc_3"), partner.service.withdraw("enc_4")
    partner.service.kept_from = 2
    assert partner.run()
    assert partner.copied() == partner.service.rows


def test_without_the_route_later_runs_read_the_list_where_the_last_one_ended(partner):
    partner.service.enabled = False
    partner.service.amend("enc_3")
    assert partner.run()
    assert partner.copied() != partner.service.rows
    partner.service.enabled = True
    assert partner.run()
    assert partner.copied() == partner.service.rows


def test_a_copy_from_before_the_route_was_enabled_is_read_again(tmp_path):
    partner = Partner(tmp_path, Service(8))
    partner.service.enabled = False
    partner.bring_up_to_date()
    partner.service.amend("enc_3")
    partner.service.enabled = True
    assert partner.run()
    assert partner.copied() == partner.service.rows


@pytest.mark.parametrize("asked", [{}, {"list_only": True}, {"until": START + timedelta(days=1)}])
def test_a_list_that_was_begun_without_a_cursor_is_read_again(tmp_path, asked):
    partner = Partner(tmp_path, Service(20))
    partner.service.enabled = False
    partner.begin(**asked)
    assert 0 < len(partner.copied()) < 20
    partner.service.amend("enc_1"), partner.service.withdraw("enc_2")
    partner.service.enabled = True
    assert partner.run()
    assert partner.copied() == partner.service.rows


def test_what_is_after_until_is_read_although_the_changes_are_followed(tmp_path):
    partner = Partner(tmp_path, Service(20))
    partner.begin()
    assert partner.run(until=START + timedelta(seconds=100))
    assert 0 < len(partner.copied()) < 20
    assert partner.run()
    assert partner.copied() == partner.service.rows


def test_what_is_between_until_and_the_copy_is_read_although_the_changes_are_followed(tmp_path):
    partner = Partner(tmp_path, Service(20))
    assert partner.run(since=START + timedelta(seconds=150))
    assert partner.run(since=START, until=START + timedelta(seconds=100))
    assert partner.copied() != partner.service.rows
    assert partner.run()
    assert partner.copied() == partner.service.rows


def test_what_is_older_than_the_copy_is_not_copied(tmp_path):
    partner = Partner(tmp_path, Service(8))
    assert partner.run(since=START + timedelta(seconds=30))
    partner.service.amend("enc_1"), partner.service.amend("enc_8")
    assert partner.run()
    assert {*partner.copied()} == {f"enc_{number}" for number in range(4, 9)}
    assert partner.copied()["enc_8"] == partner.service.rows["enc_8"]


def test_a_state_of_an_older_version_of_this_program_is_continued(partner):
    (partner.folder / "state").write_text('{"url": "https://a", "read_until": "2026-01-01T00:01:00Z"}')
    partner.service.add(80)
    assert partner.run()
    partner.service.amend("enc_1")
    assert partner.run()
    assert partner.copied() == partner.service.rows


@pytest.mark.parametrize(
    "body",
    [
        *([], {}, {"items": [], "next_cursor": "x"}, {"items": [], "next_cursor": "", "has_more": False}),
        {"items": [], "next_cursor": "x", "has_more": "no"},
        {"items": [{"encounter_id": "\x1b", "change": "updated"}], "next_cursor": "x", "has_more": False},
        {"items": [{"encounter_id": "enc_1"}], "next_cursor": "x", "has_more": False},
    ],
)
def test_an_answer_that_is_no_page_of_changes_is_known_as_such(body):
    with pytest.raises((ValueError, KeyError, TypeError)):
        sync.Changes.of(body)
