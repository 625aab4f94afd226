"""Keys reported as leaked: once for each place and better proof, with a reason, on record as a change."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from partners.models import ChangeEvent, KeyLeak
from partners.models.change import Action, Change
from partners.models.keys.leak import LONGEST_PLACE, Proof
from tests.factories import CHANGE

pytestmark = pytest.mark.django_db
PLACE = "https://git.example.com/commit/1"


def events() -> list[ChangeEvent]:
    return list(ChangeEvent.objects.filter(action=Action.KEY_LEAKED).order_by("pk"))


def test_a_report_says_where_the_key_was_found_and_what_that_proves(key):
    leak, is_new = KeyLeak.report(key, CHANGE, place=f" {PLACE} ", proof=Proof.WHOLE)
    assert (is_new, str(leak), leak.found, leak.notified_at) == (True, PLACE, Proof.WHOLE, None)
    (event,) = events()
    assert (event.organization, event.api_key, event.reason) == (key.organization, key, CHANGE.reason)
    assert event.after == {"found_in": PLACE, "found": "whole token"}


def test_a_place_is_reported_once_and_another_place_again(key):
    first, _ = KeyLeak.report(key, CHANGE, place=PLACE, proof=Proof.WHOLE)
    assert KeyLeak.report(key, CHANGE, place=PLACE, proof=Proof.PUBLIC_PART) == (first, False)
    assert KeyLeak.report(key, CHANGE, place=f"{PLACE}0", proof=Proof.PUBLIC_PART)[1]
    assert [event.after["found_in"] for event in events()] == [PLACE, f"{PLACE}0"]


def test_a_better_proof_of_the_same_place_is_kept_and_on_record(key):
    first, _ = KeyLeak.report(key, CHANGE, place=PLACE, proof=Proof.PUBLIC_PART)
    for proof in (Proof.UNVERIFIED, Proof.WHOLE):
        assert KeyLeak.report(key, CHANGE, place=PLACE, proof=proof) == (first, True)
        assert KeyLeak.objects.get().found is proof
    assert KeyLeak.report(key, CHANGE, place=PLACE, proof=Proof.UNVERIFIED) == (first, False)
    assert KeyLeak.objects.get().found is Proof.WHOLE
    assert [event.after["found"] for event in events()] == [
        proof.words for proof in (Proof.PUBLIC_PART, Proof.UNVERIFIED, Proof.WHOLE)
    ]


@pytest.mark.parametrize("place", ["", " ", "x" * (LONGEST_PLACE + 1), "two\nlines"], ids=range(4))
def test_a_bad_place_is_refused(key, place):
    with pytest.raises(ValidationError) as refusal:
        KeyLeak.report(key, CHANGE, place=place, proof=Proof.WHOLE)
    assert [*refusal.value.error_dict] == ["place"]
    assert not events()


def test_a_report_takes_a_reason(key):
    with pytest.raises(ValidationError, match="reason"):
        KeyLeak.report(key, Change(by="tester", source="tests"), place=PLACE, proof=Proof.WHOLE)


def test_when_the_contact_was_told_is_kept(key):
    leak, _ = KeyLeak.report(key, CHANGE, place=PLACE, proof=Proof.WHOLE)
    leak.note_notified(now := timezone.now())
    assert KeyLeak.objects.get().notified_at == now
