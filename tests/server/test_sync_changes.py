"""What `examples/sync.py` makes of changes: nothing lost and nothing twice, wherever it is killed."""

import tempfile
from datetime import timedelta
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.server.sync_service import START, Partner, Service, sync


@pytest.fixture
def partner(tmp_path):
    partner = Partner(tmp_path, Service(8))
    partner.bring_up_to_date()
    return partner


KINDS = ["add", "amend", "amend", "withdraw", "kill", "expire", "disable", "enable", "back", "forward"]
STEP = st.tuples(st.none() | st.sampled_from(KINDS), st.integers(0, 90))
MOMENT = st.integers(0, 200).map(lambda second: START + timedelta(seconds=second))
ASKED = st.fixed_dictionaries({}, optional={"since": MOMENT, "until": MOMENT, "list_only": st.just(True)})


@settings(max_examples=200)
@given(st.integers(0, 12), st.lists(STEP, max_size=40), MOMENT, st.lists(ASKED, max_size=4))
def test_the_copy_is_what_is_served_whatever_is_asked_and_wherever_it_is_killed(size, steps, clock, asked):
    service = Service(size, steps)
    service.clock = clock
    with tempfile.TemporaryDirectory() as folder:
        partner = Partner(folder, service)
        partner.bring_up_to_date(*asked)
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


def test_changes_that_expire_while_the_list_is_read_have_it_read_again(tmp_path):
    service = Service(8, [(None, 0)] * 4 + [("amend", 0), ("expire", 0)])
    partner = Partner(tmp_path, service)
    assert partner.run(since=START)
    assert partner.copied() == service.rows


def test_changes_that_expire_while_their_end_is_looked_for_are_read_again(tmp_path):
    service = Service(8)
    for name in ("enc_1", "enc_2", "enc_3"):
        service.amend(name)
    service.steps = [(None, 0), ("expire", 0)]
    partner = Partner(tmp_path, service)
    assert partner.run(since=START)
    assert partner.copied() == service.rows


def test_the_same_command_continues_a_list_that_was_begun(tmp_path):
    partner = Partner(tmp_path, Service(20))
    partner.begin()
    partner.service.withdraw("enc_1")
    with mock.patch.object(partner.service, "page", wraps=partner.service.page) as page:
        assert partner.run(since=START)
    assert min(call.args[0].start for call in page.call_args_list) > START
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


def test_a_list_that_is_asked_for_since_a_later_time_loses_no_change(partner):
    partner.service.amend("enc_1"), partner.service.withdraw("enc_2")
    assert partner.run(since=START + timedelta(seconds=30))
    assert partner.copied() == partner.service.rows


def test_a_list_that_was_begun_is_read_to_its_end_although_less_is_asked_for_then(partner):
    partner.service.amend("enc_1"), partner.service.withdraw("enc_2")
    partner.service.kept_from = 2
    partner.service.steps = [(None, 0)] * 3 + [("kill", 0)]
    assert not partner.run()
    assert partner.run(list_only=True, since=START + timedelta(seconds=30))
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
