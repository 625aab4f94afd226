"""What `examples/sync.py` makes of a clock that is wrong or is set: nothing is lost, and nothing stays."""

import json
from datetime import timedelta

import pytest

from tests.server.sync_service import NOON, START, Partner, Service, sync

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


@pytest.mark.parametrize("call", range(2, 8))
def test_a_clock_that_is_set_back_while_the_list_is_read_has_nothing_removed(tmp_path, call):
    partner = Partner(tmp_path, Service(8, [(None, 0)] * call + [("back", 3600)]))
    assert partner.run(since=START)
    assert partner.service.clock == NOON - HOUR
    assert partner.copied() == partner.service.rows


@pytest.mark.parametrize("options", [{}, {"list_only": True}])
def test_a_clock_that_is_set_back_between_two_runs_has_nothing_removed(tmp_path, options):
    partner = Partner(tmp_path, Service(20))
    partner.begin(**options)
    assert 0 < len(partner.copied()) < 20
    partner.service.clock -= HOUR
    assert partner.run(**options)
    assert partner.copied() == partner.service.rows


def test_a_list_that_is_read_when_the_clock_shows_the_time_of_the_last_one_removes_what_is_gone(tmp_path):
    partner = Partner(tmp_path, Service(8))
    assert partner.run(since=START, list_only=True)
    partner.service.withdraw("enc_4")
    assert partner.run(since=START, list_only=True)
    assert partner.copied() == partner.service.rows


def test_a_list_that_an_older_version_of_this_program_began_is_read_again(tmp_path):
    partner = Partner(tmp_path, Service(20))
    partner.begin()
    state = json.loads((tmp_path / "state").read_text())
    del state["marked"]
    (tmp_path / "state").write_text(json.dumps(state))
    with sync.closing(sync.Copy(tmp_path / "copy")) as copy, copy._database as database:
        database.execute("UPDATE encounters SET read_at = ?", [sync.sortable(NOON + SECOND)])
    partner.service.withdraw("enc_1")
    assert partner.run()
    assert partner.copied() == partner.service.rows


def test_what_is_dated_after_a_clock_that_is_slow_is_copied(tmp_path):
    partner = Partner(tmp_path, Service(8))
    partner.service.clock = START + timedelta(seconds=35)
    assert partner.run(since=START)
    assert partner.copied() == partner.service.rows
    partner.service.withdraw("enc_8")
    assert partner.run(since=START)
    assert partner.copied() == partner.service.rows


@pytest.mark.parametrize("options", [{}, {"list_only": True}])
def test_a_clock_that_was_fast_hides_nothing_from_later_lists(tmp_path, options):
    partner = Partner(tmp_path, Service(8))
    partner.service.clock = START + HOUR
    assert partner.run(since=START, **options)
    assert partner.run(**options)
    partner.service.enabled = False
    partner.service.clock = START + 90 * SECOND
    partner.service.add(80)
    assert partner.run(**options)
    assert partner.copied() == partner.service.rows


def test_an_encounter_that_is_dated_in_the_future_hides_nothing_from_later_lists(tmp_path):
    partner = Partner(tmp_path, Service(8))
    partner.service.add(86_400)
    assert partner.run(since=START)
    partner.service.enabled = False
    partner.service.add(80)
    assert partner.run()
    assert partner.copied() == partner.service.rows


@pytest.mark.parametrize("options", [{}, {"list_only": True}])
def test_nothing_in_the_list_is_no_end_of_it(tmp_path, options):
    partner = Partner(tmp_path, Service(0))
    assert partner.run(since=START, **options)
    partner.service.add(1)
    assert partner.run(**options)
    assert partner.copied() == partner.service.rows
