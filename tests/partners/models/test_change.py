import pytest
from django.core.exceptions import ValidationError
from django.db.models import ProtectedError
from django.utils import timezone

from partners.models import ChangeEvent
from partners.models.change import Action, Change
from tests.factories import CHANGE, issue

pytestmark = pytest.mark.django_db


def record(**values: str) -> ChangeEvent:
    ChangeEvent.record(Action.API_KEYS_SWITCHED, Change(**({"by": "tester", "source": "tests"} | values)))
    return ChangeEvent.objects.first()


def test_an_event_says_who_when_from_where_and_why():
    before = timezone.now()
    event = record(reason=" an invented reason\n", ticket=" T-1 ")
    assert (event.by, event.source, event.reason, event.ticket) == ("tester", "tests", "an invented reason", "T-1")
    assert before <= event.occurred_at <= timezone.now()
    assert str(event) == "API-key authentication switched by tester"


@pytest.mark.parametrize(
    ("field", "value"),
    [("by", ""), ("by", "x" * 151), ("source", ""), ("source", "x" * 101), ("ticket", "x" * 101)],
)
def test_an_event_that_does_not_say_enough_or_too_much_is_refused(field, value):
    with pytest.raises(ValidationError) as refusal:
        record(**{field: value})
    assert set(refusal.value.message_dict) == {field}
    assert not ChangeEvent.objects.exists()


@pytest.mark.parametrize("reason", ["", " ", "\n\t"])
def test_a_blank_reason_is_none(reason):
    with pytest.raises(ValidationError) as refusal:
        Change(by="tester", source="tests", reason=reason).require_reason()
    assert refusal.value.code == "reason_required"


def test_a_reason_given_is_enough():
    CHANGE.require_reason()


def test_the_newest_event_comes_first():
    first, second = record(reason="first"), record(reason="second")
    assert list(ChangeEvent.objects.all()) == [second, first]


def test_what_has_a_record_cannot_be_deleted(organization):
    issue(organization)
    with pytest.raises(ProtectedError):
        organization.delete()
