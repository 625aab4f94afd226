"""Which links need somebody's attention."""

from datetime import timedelta

import pytest
from django.utils import timezone

from partners.keys.links import ATTEMPTS
from partners.models import KeyHandover
from partners.review import links
from tests.factories import CHANGE
from tests.partners.support.handing_over import CONTACT, FROM, expire, prepared, sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def handover(organization) -> KeyHandover:
    organization.set_contact(CHANGE, name="", email=CONTACT)
    return prepared(organization)


def found() -> list[KeyHandover]:
    return links.needing_staff().rows


def test_what_was_sent_lately_waits_for_the_contact(handover):
    sent(handover)
    handover.open(FROM)
    assert found() == []


def lock(handover: KeyHandover) -> None:
    sent(handover, with_code=True)
    for _ in range(ATTEMPTS):
        handover.accept_code("wrong", FROM)


def wait(handover: KeyHandover) -> None:
    sent(handover)
    KeyHandover.objects.update(sent_at=timezone.now() - links.LONG)


def refuse(handover: KeyHandover) -> None:
    sent(handover)
    handover.note_refusal(FROM, "why")


def let_expire(handover: KeyHandover) -> None:
    sent(handover)
    expire(handover)


@pytest.mark.parametrize("problem", [lambda handover: None, lock, wait, refuse, let_expire])
def test_what_waits_for_staff_is_found_until_it_is_withdrawn(handover, problem):
    problem(handover)
    assert found() == [handover]
    handover.refresh_from_db()
    handover.withdraw(CHANGE)
    assert found() == []


def test_what_was_used_again_is_found_for_a_week(handover):
    sent(handover)
    handover.collect(FROM)
    assert found() == []
    handover.open(FROM)
    assert found() == [handover]
    KeyHandover.objects.update(reused_at=timezone.now() - timedelta(days=7))
    assert found() == []
