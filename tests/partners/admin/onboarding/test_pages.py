"""The pages of access requests, as partner onboarding uses them."""

import pytest
from django.urls import reverse

from partners.models import ChangeEvent, OnboardingRequest, OnboardingState
from partners.models.change import Action
from tests.factories import CHANGE
from tests.partners.support.asking import GIVEN, asked

LIST = "/admin/access-requests/"


def page(request: OnboardingRequest, part: str = "") -> str:
    return f"{LIST}{request.pk}/{part}"


def test_the_list_shows_those_that_wait(onboarding):
    assert "No request is waiting." in onboarding.get(LIST).text
    request = asked()
    asked(organization_name="Declined Practice").decline(CHANGE)
    for state in ("", "?state=waiting", "?state=nonsense"):
        text = onboarding.get(LIST + state).text
        assert page(request) in text
        assert "Declined Practice" not in text


def test_decided_ones_have_lists_of_their_own(onboarding, newcomer):
    asked(organization_name="Declined Practice").decline(CHANGE)
    assert "Declined Practice" in onboarding.get(f"{LIST}?state=declined").text
    assert "No request was accepted in the last\n  90 days." in onboarding.get(f"{LIST}?state=accepted").text
    asked(organization_name="Accepted Practice").accept(CHANGE, newcomer)
    assert "Accepted Practice" in onboarding.get(f"{LIST}?state=accepted").text


def test_a_long_list_has_pages(onboarding, monkeypatch):
    monkeypatch.setattr("partners.admin.onboarding.pages.PER_PAGE", 1)
    for number in range(3):
        asked(f"192.0.2.{number}", organization_name=f"Practice {number}")
    text = onboarding.get(f"{LIST}?page=2").text
    assert "Practice 1" in text
    assert "Page 2 of 3" in text
    assert "Previous" in text
    assert "Next" in text


def test_a_page_shows_what_was_sent_as_text(onboarding):
    text = onboarding.get(page(asked(purpose="<script>alert(1)</script>"))).text
    assert "&lt;script&gt;" in text
    assert all(value in text for name, value in GIVEN.items() if name not in ("purpose", "wanted"))
    assert f'href="{GIVEN["website"]}' not in text
    assert "Encounters with documents" in text
    assert "Nothing of this is verified." in text


def test_a_page_warns_of_a_name_that_is_taken_or_imitates_one(onboarding, organization):
    request = asked(organization_name=organization.name.replace("a", "\u0430"))
    text = onboarding.get(page(request)).text
    assert reverse("admin:partners_organization_change", args=[organization.pk]) in text
    assert "The name may imitate another one." in text


def test_a_declined_request_shows_who_declined_it_and_why(onboarding):
    request = asked()
    assert onboarding.get(page(request, "decline/")).status_code == 200
    assert onboarding.post(page(request, "decline/"), {"reason": ""}).status_code == 200
    assert request.state is OnboardingState.WAITING
    answer = onboarding.post(page(request, "decline/"), {"reason": "A test of the form"}, follow=True)
    assert "Request declined." in answer.text
    assert "A test of the form" in answer.text
    assert "Create the organization" not in answer.text
    assert ChangeEvent.objects.filter(action=Action.ACCESS_REQUEST_DECLINED).count() == 1


def test_a_request_is_not_declined_twice(onboarding):
    request = asked()
    request.decline(CHANGE)
    text = onboarding.post(page(request, "decline/"), {"reason": "Again"}).text
    assert "This request was already accepted or declined." in text


def test_home_shows_them_to_those_who_decide(onboarding, support):
    assert "access-requests" not in onboarding.get("/admin/").text
    request = asked()
    assert page(request) in onboarding.get("/admin/").text
    assert "Lakeside" not in support.get("/admin/").text


def test_home_shows_the_first_of_many(onboarding, monkeypatch):
    monkeypatch.setattr("partners.finding.found.SHOWN", 1)
    for number in range(2):
        asked(f"192.0.2.{number}", organization_name=f"Practice {number}")
    text = onboarding.get("/admin/").text
    assert "All waiting access requests" in text
    assert "Practice 1" not in text


@pytest.mark.parametrize("on", [True, False])
def test_the_navigation_has_them_where_they_are_accepted(onboarding, settings, on):
    settings.ACCESS_REQUESTS = on
    assert (f'href="{LIST}"' in onboarding.get("/admin/").text) is on
