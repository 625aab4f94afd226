"""Which changes are marked on a chart."""

from datetime import timedelta

import pytest
from django.utils import timezone

from partners.models import ChangeEvent
from partners.models.change import Action
from partners.usage import marks
from tests.factories import OrganizationFactory, issue
from tests.partners.support.aged import change

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def now():
    return timezone.now()


def of(events, now) -> list[tuple[str, str]]:
    return [(mark.letter, mark.words) for mark in marks.of(events, now - 7 * DAY, now).shown]


def test_changes_that_begin_or_end_calls_are_marked_in_their_order(key, now):
    actions = [*reversed(marks.LETTERS), Action.EXPIRY_CHANGED]
    for days, action in enumerate(actions, 1):
        change(now - days * DAY, action=action, api_key=key)
    assert of(key.events.all(), now) == [
        ("R", "Key rotated"),
        ("X", "Key revoked"),
        ("S", "Scopes changed"),
        ("D", "Key disabled"),
        ("E", "Key enabled"),
    ]


def test_changes_of_other_keys_or_times_are_not(key, now):
    other = issue(OrganizationFactory())[0]
    change(now - DAY, action=Action.KEY_REVOKED, api_key=other)
    for at in (now - 8 * DAY, now):
        change(at, action=Action.KEY_REVOKED, api_key=key)
    assert of(key.events.all(), now) == []
    assert of(ChangeEvent.objects.all(), now) == [("X", "Key revoked")]


@pytest.mark.parametrize(("number", "more"), [(2, False), (3, True)])
def test_of_many_changes_the_newest_are_marked(key, now, monkeypatch, number, more):
    monkeypatch.setattr(marks, "SHOWN", 2)
    for days in range(1, number + 1):
        change(now - days * DAY, action=Action.KEY_ROTATED if days == 3 else Action.KEY_REVOKED, api_key=key)
    found = marks.of(key.events.all(), now - 7 * DAY, now)
    assert ([mark.at for mark in found.shown], found.more) == ([now - 2 * DAY, now - DAY], more)
    assert found.legend == [("X", "Key revoked")]
