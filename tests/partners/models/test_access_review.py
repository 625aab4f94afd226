"""A review of access: a snapshot with its digest, signed off once and never altered."""

import hashlib
import json
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from partners.models import AccessReview, ChangeEvent
from partners.models.access_review import QUARTER
from partners.models.change import Action, Change

pytestmark = pytest.mark.django_db
FACTS = {"people": [{"name": "é"}], "organizations": []}
WHY = Change("ada", "tests", " looked at all \n", "T-1")
SECOND = timedelta(seconds=1)


def test_it_keeps_the_facts_and_their_digest():
    review = AccessReview.sign(WHY, FACTS)
    review.refresh_from_db()
    assert (review.reviewed_by, review.note, review.facts) == ("ada", "looked at all", FACTS)
    assert review.digest == hashlib.sha256(review.snapshot.encode()).hexdigest()
    assert json.loads(review.snapshot) == FACTS
    assert str(review) == f"Access review of {timezone.now():%Y-%m-%d}"


def test_it_is_a_change_on_record():
    review = AccessReview.sign(WHY, FACTS)
    event = ChangeEvent.objects.get(action=Action.ACCESS_REVIEWED)
    assert (event.by, event.ticket, event.reason) == ("ada", "T-1", "looked at all")
    assert event.after == {"review": review.pk, "sha256": review.digest}


def test_a_review_without_a_note_is_none():
    with pytest.raises(ValidationError, match="reason"):
        AccessReview.sign(Change("ada", "tests", " "), FACTS)
    assert not AccessReview.objects.exists()


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda rows: rows.update(note="nothing"), "an access review cannot be altered"),
        (lambda rows: rows.delete(), "an access review cannot be deleted"),
    ],
)
def test_the_database_refuses_to_change_one(act, message):
    AccessReview.sign(WHY, FACTS)
    with pytest.raises(IntegrityError, match=message), transaction.atomic():
        act(AccessReview.objects.all())


def test_a_new_deployment_has_a_quarter_for_its_first(monkeypatch):
    assert not AccessReview.is_due()
    ChangeEvent.record(Action.COMMENTED, WHY)
    began = ChangeEvent.objects.get().occurred_at
    for now, due in ((began + QUARTER, False), (began + QUARTER + SECOND, True)):
        monkeypatch.setattr(timezone, "now", lambda now=now: now)
        assert AccessReview.is_due() is due


def test_one_is_due_a_quarter_after_the_last(monkeypatch):
    last = [AccessReview.sign(WHY, FACTS) for _ in range(2)][-1].reviewed_at
    for now, due in ((last + QUARTER, False), (last + QUARTER + SECOND, True)):
        monkeypatch.setattr(timezone, "now", lambda now=now: now)
        assert AccessReview.is_due() is due
