"""The life of a link: made, sent, opened, locked, withdrawn, and replaced by a newer one."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from partners.keys import links
from partners.models import HandoverState, KeyHandover
from partners.models.change import Change
from partners.models.handover import Closed
from tests.factories import CHANGE, issue
from tests.moments import NONE, TICK
from tests.partners.support.handing_over import CONTACT, FROM, actions, expire, prepared, sent

pytestmark = pytest.mark.django_db


def state(handover: KeyHandover) -> HandoverState:
    return KeyHandover.objects.get(pk=handover.pk).state


def test_a_link_is_found_by_its_token_which_is_stored_as_a_digest(handover):
    token, code = sent(handover)
    assert KeyHandover.objects.of_link(token) == handover
    assert KeyHandover.objects.of_link(links.new_token()) is None
    assert code == ""
    assert token not in str(KeyHandover.objects.values().get())
    assert (state(handover), handover.sent_to) == (HandoverState.SENT, CONTACT)


def test_a_link_works_for_as_long_as_the_setting_says(handover, settings):
    settings.HANDOVER_HOURS = 5
    sent(handover)
    assert abs(handover.link_expires_at - timezone.now() - timedelta(hours=5)) < timedelta(minutes=1)


def test_a_link_never_outlives_its_key(partner):
    end = timezone.now() + timedelta(hours=3)
    handover = prepared(partner, lifetime=None, expires_at=end)
    sent(handover)
    assert handover.link_expires_at == end


def test_a_link_never_outlives_the_key_that_it_replaces(partner):
    end = timezone.now() + timedelta(hours=3)
    key, _ = issue(partner, expires_at=end)
    handover = KeyHandover.prepare_successor(CHANGE, None, key, overlap=timedelta(hours=24))
    sent(handover)
    assert handover.link_expires_at == end


def test_a_link_that_was_not_sent_is_not_open(handover):
    handover.new_link(CHANGE, None)
    assert state(handover) is HandoverState.UNSENT
    with pytest.raises(Closed):
        handover.accept_code("", FROM)
    handover.note_not_sent(CHANGE)
    assert KeyHandover.objects.get().token_digest is None
    assert actions(handover) == ["prepared", "not_sent"]


def test_a_new_link_ends_the_one_before_and_starts_afresh(handover):
    old, _ = sent(handover, with_code=True)
    handover.open(FROM)
    handover.accept_code("wrong", FROM)
    stale = KeyHandover.objects.get()
    new, _ = sent(handover)
    assert KeyHandover.objects.of_link(old) is None
    assert KeyHandover.objects.of_link(new).state is HandoverState.SENT
    assert (handover.code_failures, handover.opened_from, handover.has_code) == (0, "", False)
    for use in (lambda: stale.open(FROM), lambda: stale.collect(FROM), lambda: stale.note_sent(CHANGE)):
        with pytest.raises(Closed):
            use()


def test_an_expired_and_a_locked_link_can_be_sent_again(handover):
    sent(handover)
    expire(handover)
    assert state(handover) is HandoverState.EXPIRED
    sent(handover, with_code=True)
    for _ in range(links.ATTEMPTS):
        handover.accept_code("wrong", FROM)
    assert state(handover) is HandoverState.LOCKED
    sent(handover)
    assert state(handover) is HandoverState.SENT


def test_without_a_contact_no_link_is_made(handover, partner):
    partner.set_contact(CHANGE, name="", email="")
    handover.refresh_from_db()
    with pytest.raises(ValidationError) as refusal:
        handover.new_link(CHANGE, None)
    assert refusal.value.code == "no_contact"


def test_the_first_opening_is_recorded(handover):
    sent(handover)
    assert not handover.open(FROM)
    assert not handover.open("203.0.113.9")
    assert (state(handover), handover.opened_from) == (HandoverState.OPENED, FROM)
    assert actions(handover) == ["prepared", "sent", "opened"]
    assert handover.events.first().by == "holder of the link"


def test_a_use_after_the_collection_alerts_once(handover):
    sent(handover)
    handover.collect(FROM)
    assert [handover.open("203.0.113.9") for _ in range(3)] == [True, False, False]
    assert actions(handover)[-1] == "reused"
    assert handover.reused_at is not None


def test_five_wrong_codes_lock_the_link_and_the_right_one_comes_too_late(handover):
    _, code = sent(handover, with_code=True)
    assert [handover.accept_code("0000 0000x", FROM) for _ in range(5)] == [False] * 5
    assert (handover.state, handover.attempts_left) == (HandoverState.LOCKED, 0)
    with pytest.raises(Closed):
        handover.accept_code(code, FROM)
    assert actions(handover) == ["prepared", "sent", "locked"]


def test_the_right_code_is_accepted_after_wrong_ones(handover):
    _, code = sent(handover, with_code=True)
    for _ in range(4):
        handover.accept_code("wrong", FROM)
    assert handover.accept_code(code.replace(" ", ""), FROM)
    assert handover.attempts_left == 1


def test_a_link_without_a_code_accepts_anything(handover):
    sent(handover)
    assert handover.accept_code("anything", FROM)


def test_a_withdrawn_link_is_over(handover):
    token, _ = sent(handover)
    handover.withdraw(CHANGE)
    assert state(handover) is HandoverState.WITHDRAWN
    assert KeyHandover.objects.of_link(token).state.is_over
    assert not KeyHandover.objects.waiting().exists()
    for change in (lambda: handover.withdraw(CHANGE), lambda: handover.new_link(CHANGE, None)):
        with pytest.raises(ValidationError, match="the key was withdrawn"):
            change()


def test_a_withdrawal_needs_a_reason(handover):
    with pytest.raises(ValidationError) as refusal:
        handover.withdraw(Change("tester", "tests"))
    assert refusal.value.code == "reason_required"


def test_each_step_names_its_link_in_the_record(handover, partner):
    sent(handover)
    other = prepared(partner, label="Other")
    sent(other)
    assert {event.after["link"] for event in handover.events} == {handover.pk}
    assert actions(other) == ["prepared", "sent"]
    assert str(handover) == "EHR sync (sent)"


@pytest.mark.parametrize(("early", "expected"), [(TICK, HandoverState.SENT), (NONE, HandoverState.EXPIRED)])
def test_a_link_has_expired_from_its_end_on(handover, monkeypatch, early, expected):
    sent(handover)
    moment = handover.link_expires_at - early
    monkeypatch.setattr(timezone, "now", lambda: moment)
    assert state(handover) is expected
