"""The purpose of an organization on the staff's pages: shown, missed, stated and changed."""

import pytest

from partners.models import Organization
from partners.models.change import Action
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.support.calls import used
from tests.partners.support.staff import ORGANIZATIONS, page_of, signed_in

pytestmark = pytest.mark.django_db
MISSED = "State a purpose: accountings of disclosures must include it."


def test_a_new_organization_gets_its_purpose(onboarding):
    onboarding.post(f"{ORGANIZATIONS}add/", {"name": "Invented Clinic", "purpose": "Treatment"})
    assert Organization.objects.get().purpose == "Treatment"


def test_the_purpose_is_changed_and_recorded(onboarding, organization):
    given = {"purpose": "Treatment", "reason": "the contract says so", "ticket": "T-1"}
    assert onboarding.post(page_of(organization, "purpose"), given).headers["Location"] == page_of(organization)
    assert "Purpose saved." in onboarding.get(page_of(organization)).text
    assert "Purpose: none → Treatment" in onboarding.get(page_of(organization, "changes")).text
    event = organization.events.first()
    assert (event.action, event.reason, event.ticket) == (Action.PURPOSE_CHANGED, "the contract says so", "T-1")


def test_the_form_shows_the_purpose(onboarding, organization):
    organization.set_purpose(CHANGE, "Treatment")
    assert 'value="Treatment"' in onboarding.get(page_of(organization, "purpose")).text
    onboarding.post(page_of(organization, "purpose"), {"purpose": "Treatment ", "reason": "the same"})
    assert "already up to date" in onboarding.get(page_of(organization)).text


@pytest.mark.parametrize("text", ["x" * 201, "Treat\x07ment"])
def test_a_bad_purpose_is_refused_next_to_its_field(onboarding, organization, text):
    response = onboarding.post(page_of(organization, "purpose"), {"purpose": text, "reason": "as agreed"})
    assert "purpose" in response.context["form"].errors
    assert organization.events.first().action != Action.PURPOSE_CHANGED


def test_errors_of_the_model_are_shown_in_the_form(onboarding, organization, monkeypatch):
    monkeypatch.setattr(Organization, "set_purpose", lambda self, why, text: organization.set_access(why, **BOTH))
    response = onboarding.post(page_of(organization, "purpose"), {"purpose": "Treatment", "reason": "as agreed"})
    assert "can&#x27;t be both enabled and disabled" in response.text


BOTH = {"enable": ["encounters.list"], "disable": ["encounters.list"]}


@pytest.mark.parametrize(
    ("called", "purpose", "missed"), [(True, "", True), (False, "", False), (True, "Treatment", False)]
)
def test_a_purpose_is_missed_where_data_were_disclosed(onboarding, called, purpose, missed):
    partner = OrganizationFactory(purpose=purpose)
    key = issue(partner)[0]
    if called:
        used(key, minutes=5)
    text = onboarding.get(page_of(partner)).text
    assert (MISSED in text) == missed
    assert (purpose or "Not stated") in text


def test_people_who_may_not_change_it_see_who_may(organization):
    used(issue(organization)[0], minutes=5)
    text = signed_in("Support").get(page_of(organization)).text
    assert "Partner onboarding can add it." in text
    assert page_of(organization, "purpose") not in text
