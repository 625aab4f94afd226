"""A hand-over from its description to the key: what is checked when, and what the key becomes."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from partners.catalogue.routes import Scope
from partners.keys.digests import DigestKeyUnavailable
from partners.models import ApiKey, HandoverState, KeyHandover
from partners.models.change import Change
from partners.models.handover import Closed
from tests.factories import CHANGE, issue
from tests.partners.support.handing_over import FROM, actions, expire, prepared, sent
from tests.partners.support.rows import opens

pytestmark = pytest.mark.django_db
MONTH = timedelta(days=30)


def successor_of(key, overlap=timedelta(hours=24)) -> KeyHandover:
    return KeyHandover.prepare_successor(CHANGE, None, key, overlap=overlap)


def refused(act) -> str:
    with pytest.raises(ValidationError) as refusal:
        act()
    return getattr(refusal.value, "code", None) or next(iter(refusal.value.error_dict))


def test_there_is_no_key_before_the_collection(handover):
    sent(handover)
    handover.open(FROM)
    assert not ApiKey.objects.exists()


def test_the_key_is_as_described(handover, partner):
    sent(handover)
    key, token = handover.collect(FROM)
    assert opens(key, token.text)
    assert (key.organization, key.label, key.is_test) == (partner, "EHR sync", False)
    assert {scope.name for scope in key.scopes.all()} == set(Scope)
    assert (handover.state, handover.api_key, handover.collected_from) == (HandoverState.COLLECTED, key, FROM)


def test_who_collected_it_and_why_it_was_sent_is_recorded(partner):
    why = Change("ada", "203.0.113.9", "Go-live", "OPS-7")
    handover = KeyHandover.prepare(why, None, organization=partner, label="EHR sync", scopes=[Scope.PATIENTS_READ])
    sent(handover)
    key, _ = handover.collect(FROM)
    event = key.events.get(action="key_issued")
    assert (event.by, event.source, event.reason, event.ticket) == ("holder of the link", FROM, "Go-live", "OPS-7")
    assert actions(handover) == ["prepared", "sent", "collected"]
    assert handover.events.first().api_key == key


def test_a_span_counts_from_the_collection_and_a_date_stays(partner, monkeypatch):
    end = timezone.now() + timedelta(days=50)
    by_span, by_date = prepared(partner, lifetime=MONTH), prepared(partner, lifetime=None, expires_at=end, label="B")
    forever = prepared(partner, lifetime=None, label="C")
    for each in (by_span, by_date, forever):
        sent(each)
    later = timezone.now() + timedelta(days=2)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert by_span.collect(FROM)[0].expires_at == later + MONTH
    assert by_date.collect(FROM)[0].expires_at == end
    assert forever.collect(FROM)[0].expires_at is None


def test_a_span_is_never_longer_than_a_key_may_live_by_then(handover, settings):
    sent(handover)
    settings.KEY_LONGEST_LIFETIME_DAYS = 10
    key, _ = handover.collect(FROM)
    assert key.expires_at - key.created_at < timedelta(days=10, minutes=1)


def test_a_link_is_collected_once(handover):
    sent(handover)
    handover.collect(FROM)
    with pytest.raises(Closed):
        handover.collect(FROM)
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize("end", ["expire", "withdraw", "unsent"])
def test_a_link_that_is_not_open_gives_no_key(handover, end):
    if end != "unsent":
        sent(handover)
    expire(handover) if end == "expire" else handover.withdraw(CHANGE) if end == "withdraw" else None
    with pytest.raises(Closed):
        handover.collect(FROM)
    assert not ApiKey.objects.exists()


def test_without_a_digest_key_the_link_stays_open(handover, settings):
    sent(handover)
    settings.DIGEST_KEYS = ""
    with pytest.raises(DigestKeyUnavailable):
        handover.collect(FROM)
    assert KeyHandover.objects.get().state is HandoverState.SENT


def test_what_issuing_refuses_is_refused_when_it_is_described(partner, settings):
    issue(partner, label="EHR sync")
    settings.KEY_LONGEST_LIFETIME_DAYS = 90
    assert refused(lambda: prepared(partner, label="ehr SYNC")) == "label"
    assert refused(lambda: prepared(partner, label="EHR\u202esync")) == "label"
    assert refused(lambda: prepared(partner, is_test=True)) == "test_key_not_accepted"
    past = timezone.now() - timedelta(days=1)
    assert refused(lambda: prepared(partner, lifetime=None, expires_at=past)) == "expires_at"
    assert refused(lambda: prepared(partner, lifetime=None)) == "expires_at"
    assert not KeyHandover.objects.exists()


def test_what_issuing_refuses_only_later_keeps_the_link(handover, partner):
    sent(handover)
    issue(partner, label="ehr SYNC")
    assert refused(lambda: handover.collect(FROM)) == "label"
    assert KeyHandover.objects.get().state is HandoverState.SENT


def test_the_overlap_begins_when_the_successor_is_collected(partner, monkeypatch):
    key, _ = issue(partner, expires_at=timezone.now() + timedelta(days=20))
    handover = successor_of(key, overlap=timedelta(hours=5))
    sent(handover)
    assert ApiKey.objects.get().expires_at == key.expires_at
    later = timezone.now() + timedelta(hours=30)
    monkeypatch.setattr(timezone, "now", lambda: later)
    successor, token = handover.collect(FROM)
    key.refresh_from_db()
    assert (key.rotated_at, key.expires_at) == (later, later + timedelta(hours=5))
    assert (successor.replaces, opens(successor, token.text)) == (key, True)


def test_a_successor_has_the_scopes_that_the_key_has_by_then(partner):
    key, _ = issue(partner)
    handover = successor_of(key)
    sent(handover)
    key.set_scopes([Scope.PATIENTS_READ], CHANGE)
    assert [scope.name for scope in handover.collect(FROM)[0].scopes.all()] == ["patients:read"]


def test_a_key_that_cannot_be_rotated_gets_no_link(partner):
    key, _ = issue(partner)
    assert refused(lambda: successor_of(key, overlap=timedelta(days=91))) == "invalid_overlap"
    assert refused(lambda: successor_of(issue(None)[0])) == "no_contact"
    key.revoke(CHANGE)
    assert refused(lambda: successor_of(key)) == "revoked"


def test_one_link_waits_for_a_successor(partner):
    key, _ = issue(partner)
    first = successor_of(key)
    assert refused(lambda: successor_of(key)) == "link_waiting"
    sent(first)
    assert refused(lambda: successor_of(key)) == "link_waiting"
    expire(first)
    second = successor_of(key)
    first.refresh_from_db()
    assert first.state is HandoverState.WITHDRAWN
    assert [*KeyHandover.objects.waiting()] == [second]


def test_a_refused_collection_is_recorded_once(handover):
    sent(handover)
    assert [handover.note_refusal(FROM, "why") for _ in range(2)] == [True, False]
    assert actions(handover) == ["prepared", "sent", "refused"]


def test_what_is_prepared_is_recorded(partner):
    end = timezone.now() + timedelta(days=9)
    told = [
        prepared(partner, label=str(end), lifetime=None, expires_at=end).events.get().after
        for end in (end, None)
    ]  # fmt: skip
    assert [facts["expires_at"] for facts in told] == [end.isoformat(), None]
    assert prepared(partner).events.get().after["lifetime"] == "30 days"
    key, _ = issue(partner, label="Old")
    event = successor_of(key).events.get()
    assert (event.api_key, event.after["label"]) == (key, "Old")


def test_what_staff_wrote_about_the_key_comes_with_it(partner):
    about = {"owner": "Platform team", "note": "Nightly", "tags": ["nightly"]}
    handover = prepared(partner, **about)
    sent(handover)
    assert KeyHandover.objects.get().collect(FROM)[0].description == about
    assert handover.events.last().after.items() >= about.items()
    assert refused(lambda: prepared(partner, owner="bell\a")) == "owner"
