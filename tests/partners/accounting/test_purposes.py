"""Which purpose an organization had at a moment, by what is left of its record of changes."""

from datetime import timedelta

import pytest

from partners.accounting.purposes import Purposes
from partners.models import ChangeEvent, Organization
from partners.models.change import Action
from tests.factories import CHANGE, START, OrganizationFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def changed(organization, day: int, before: str, after: str, action=Action.PURPOSE_CHANGED) -> None:
    """Put a change of the purpose on record, so many days after the start."""
    ChangeEvent.objects.create(
        occurred_at=START + day * DAY,
        action=action,
        organization=organization,
        by="tester",
        source="tests",
        before={"purpose": before},
        after={"purpose": after},
    )


def at(organization, *days: float) -> list[str]:
    purposes = Purposes.of(organization)
    return [purposes.at(START + day * DAY) for day in days]


def test_a_purpose_holds_from_its_change_to_the_next(organization):
    changed(organization, 1, "", "Treatment")
    changed(organization, 3, "Treatment", "Payment")
    assert at(organization, 0.9, 1, 2.9, 3, 9) == ["not stated", "Treatment", "Treatment", "Payment", "Payment"]


def test_before_the_earliest_change_that_is_left_its_own_before_holds(organization):
    changed(organization, 3, "Treatment", "Payment")
    assert at(organization, 0, 3) == ["Treatment", "Payment"]


def test_with_no_change_left_the_present_purpose_holds(organization):
    assert at(organization, 0) == ["not stated"]
    assert at(OrganizationFactory(purpose="Treatment"), 0) == ["Treatment"]


def test_an_organization_has_the_purpose_that_it_was_created_with():
    partner = Organization.create("Invented", CHANGE, purpose="Treatment")
    assert Purposes.of(partner).at(partner.events.get().occurred_at) == "Treatment"
    other = Organization.create("Invented too", CHANGE)
    other.set_purpose(CHANGE, "Payment")
    assert Purposes.of(other).texts == ["not stated", "not stated", "Payment"]


def test_a_purpose_taken_away_is_not_stated(organization):
    changed(organization, 1, "Treatment", "")
    assert at(organization, 0, 2) == ["Treatment", "not stated"]


def test_of_changes_at_one_moment_the_last_holds(organization):
    changed(organization, 1, "", "Treatment")
    changed(organization, 1, "Treatment", "Payment")
    assert at(organization, 1) == ["Payment"]


def test_other_changes_and_other_organizations_do_not_count(organization):
    changed(OrganizationFactory(), 1, "", "Payment")
    changed(organization, 1, "", "Payment", Action.CONTACT_CHANGED)
    assert at(organization, 2) == ["not stated"]
