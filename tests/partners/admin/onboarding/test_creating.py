"""An organization that is created from an access request."""

import pytest
from django.contrib.auth.models import Permission, User

from partners.models import ChangeEvent, OnboardingState, Organization
from partners.models.change import Action
from tests.factories import CHANGE
from tests.partners.support.asking import GIVEN, asked
from tests.partners.support.staff import signed_in

ADD = "/admin/partners/organization/add/"


def form(request) -> str:
    return f"{ADD}?access_request={request.public_id}"


@pytest.fixture
def sent() -> dict[str, str]:
    return {
        "name": GIVEN["organization_name"],
        "contact_name": GIVEN["contact_name"],
        "contact_email": GIVEN["contact_email"],
        "purpose": "Treatment",
    }


def test_the_form_is_filled_in_and_creates_nothing(onboarding):
    answer = onboarding.get(form(asked()))
    assert answer.context["form"].initial == {
        "name": GIVEN["organization_name"],
        "contact_name": GIVEN["contact_name"],
        "contact_email": GIVEN["contact_email"],
        "purpose": "We schedule follow-up visits. Only for our own patients.",
    }
    assert "What was asked for" in answer.text
    assert not Organization.objects.exists()


def test_a_purpose_that_is_too_long_is_left_to_staff(onboarding):
    assert onboarding.get(form(asked(purpose="x" * 201))).context["form"].initial["purpose"] == ""


def test_saving_it_accepts_the_request_and_leads_to_the_access(onboarding, sent):
    request = asked()
    answer = onboarding.post(form(request), sent)
    organization = Organization.objects.get()
    assert answer["Location"] == (
        f"/admin/partners/organization/{organization.pk}/access/?allowlist=1&route=encounters.list"
        "&route=encounters.detail&route=documents.detail&route=documents.transcript&route=changes.list"
    )
    assert onboarding.get(answer["Location"]).context["form"].initial["allowlisted"]
    assert not organization.allowlisted
    assert not organization.enabled_routes()
    request.refresh_from_db()
    assert (request.state, request.organization) == (OnboardingState.ACCEPTED, organization)
    assert {event.action for event in organization.events.all()} == {
        Action.ORGANIZATION_CREATED,
        Action.ACCESS_REQUEST_ACCEPTED,
    }
    text = onboarding.get(f"/admin/access-requests/{request.pk}/").text
    assert "Set the access that was asked for" in text


def test_without_a_preset_it_leads_to_the_organization(onboarding, sent):
    request = asked(wanted="undecided")
    answer = onboarding.post(form(request), sent)
    assert answer["Location"] == f"/admin/partners/organization/{Organization.objects.get().pk}/change/"
    assert "Set the access" not in onboarding.get(f"/admin/access-requests/{request.pk}/").text


def test_a_refused_form_accepts_nothing(onboarding, organization, sent):
    request = asked()
    text = onboarding.post(form(request), sent | {"name": organization.name}).text
    assert "There is an organization of this name already." in text
    request.refresh_from_db()
    assert request.state is OnboardingState.WAITING


def test_a_request_that_was_decided_meanwhile_creates_nothing(onboarding, sent, monkeypatch):
    request = asked()
    state = property(lambda self: OnboardingState.WAITING)
    monkeypatch.setattr("partners.models.onboarding.request.OnboardingRequest.state", state)
    request.decline(CHANGE)
    assert "already accepted or declined" in onboarding.post(form(request), sent).text
    assert not Organization.objects.exists()
    assert not ChangeEvent.objects.filter(action=Action.ORGANIZATION_CREATED).exists()


def test_a_decided_request_opens_no_form(onboarding):
    request = asked()
    request.decline(CHANGE)
    answer = onboarding.get(form(request), follow=True)
    assert answer.redirect_chain == [(f"/admin/access-requests/{request.pk}/", 302)]
    assert "This request was already accepted or declined." in answer.text


def test_an_unknown_request_is_not_found(onboarding):
    assert onboarding.get(f"{ADD}?access_request=acr_nothing").status_code == 404


def test_who_only_creates_organizations_sees_no_request(db):
    client = signed_in("Support")
    User.objects.get().user_permissions.add(Permission.objects.get(codename="add_organization"))
    assert client.get(ADD).status_code == 200
    assert client.get(form(asked())).status_code == 403
