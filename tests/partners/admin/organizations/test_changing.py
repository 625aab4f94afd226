"""What all forms of an organization's page ask for, and the form of its contact."""

import pytest
from django.contrib.messages import get_messages

from partners.models import Organization
from partners.models.change import Action
from tests.factories import CHANGE
from tests.partners.support.staff import make_stale, page_of

pytestmark = pytest.mark.django_db
EVERYTHING = ["allowlist", "encounters.list", "encounters.detail"]
CONTACT = {"contact_name": "Ada", "contact_email": "ada@partner.example"}


def save(client, organization, page, **given):
    """Send the form of a page with a reason."""
    return client.post(page_of(organization, page), {"reason": "the partner asks"} | given)


def told(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_the_contact_is_changed_and_recorded(onboarding, organization):
    page = page_of(organization, "contact")
    response = onboarding.post(page, CONTACT | {"reason": "New colleague"})
    assert response.headers["Location"] == page_of(organization)
    assert told(response) == ["Contact saved."]
    assert (organization.events.first().action, organization.events.first().reason) == (
        Action.CONTACT_CHANGED,
        "New colleague",
    )
    assert onboarding.get(page).context["form"]["contact_email"].value() == "ada@partner.example"
    assert told(save(onboarding, organization, "contact", **CONTACT))[-1] == "Nothing to change: already up to date."


@pytest.mark.parametrize(
    ("given", "field"), [({"contact_email": "ada"}, "contact_email"), ({"reason": "bell \x07"}, "reason")]
)
def test_a_refused_contact_keeps_what_was_typed(onboarding, organization, given, field):
    response = save(onboarding, organization, "contact", **CONTACT | given)
    assert list(response.context["form"].errors) == [field]
    assert "Ada" in response.text
    assert Organization.objects.get().contact_name == ""


@pytest.mark.parametrize("page", ["access", "contact", "purpose"])
@pytest.mark.parametrize("given", [{}, {"shown": EVERYTHING, "confirmed": "allowlist, " + ", ".join(EVERYTHING[1:])}])
def test_a_form_without_a_reason_takes_nothing_away(onboarding, organization, page, given):
    organization.set_contact(CHANGE, name="Ada", email="ada@partner.example")
    organization.set_purpose(CHANGE, "Treatment")
    changes = organization.events.count()
    assert "This field is required." in onboarding.post(page_of(organization, page), given).text
    assert organization.events.count() == changes


@pytest.mark.parametrize("page", ["access", "contact", "purpose"])
def test_a_change_takes_a_fresh_password(onboarding, newcomer, page):
    make_stale(onboarding)
    given = {"allowlisted": "on", "contact_name": "Ada", "purpose": "Treatment"}
    assert "Confirm your password" in save(onboarding, newcomer, page, **given).text
    assert newcomer.events.count() == 1
    save(onboarding, newcomer, page, **given, proof_of_password="invented")
    assert newcomer.events.count() == 2
