"""What a person did in a period: by the person, or approved; and asking is on record before the answer."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from partners.accounting.periods import Period
from partners.models import ChangeEvent
from partners.models.change import Action, Change
from partners.review.staff.activity import Activity

pytestmark = pytest.mark.django_db
WHY = Change("grace", "198.51.100.9", "a review", "T-1")


def done(by: str, action: Action = Action.COMMENTED, approved_by: str = "") -> ChangeEvent:
    ChangeEvent.record(action, Change(by, "tests", approved_by=approved_by))
    return ChangeEvent.objects.latest("pk")


def ask(person: str, period: Period | None = None) -> Activity:
    return Activity.ask(WHY, person, period or Period.of(), form="page")


def test_it_has_what_the_person_did_or_approved_and_nothing_else():
    events = [done("ada"), done("bob", approved_by="ADA"), done("Ada", Action.SIGNED_IN)]
    done("adam")
    activity = ask("ada")
    assert list(activity.events()) == events[::-1]
    assert [(total.action, total.number) for total in activity.totals] == [(Action.COMMENTED, 2), (Action.SIGNED_IN, 1)]
    assert (activity.totals[0].first, activity.totals[0].last) == tuple(event.occurred_at for event in events[:2])
    assert activity.number == 3


def test_the_period_ends_before_its_end():
    event = done("ada")
    day = timedelta(days=1)
    assert ask("ada", Period(event.occurred_at, event.occurred_at + day)).number == 1
    assert ask("ada", Period(event.occurred_at - day, event.occurred_at)).number == 0


def test_asking_is_on_record():
    done("ada")
    period = Period.of(timezone.now() - timedelta(days=30))
    ask("ada", period)
    event = ChangeEvent.objects.get(action=Action.STAFF_ACTIVITY_SHOWN)
    assert (event.by, event.source, event.reason, event.ticket) == ("grace", "198.51.100.9", "a review", "T-1")
    assert event.after == {
        "person": "ada",
        "from": period.start.isoformat(),
        "to": period.end.isoformat(),
        "number": 1,
        "form": "page",
    }


def test_without_a_reason_nothing_is_told():
    with pytest.raises(ValidationError, match="reason"):
        Activity.ask(Change("grace", "tests", " "), "ada", Period.of(), form="page")
    assert not ChangeEvent.objects.exists()
