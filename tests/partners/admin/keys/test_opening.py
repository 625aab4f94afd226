"""Presets of the page that issues a key, and the first access of a partner, given together with its key."""

import html
import re

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from partners.catalogue.routes import Route, Scope
from partners.models import ApiKey, Organization
from partners.models.change import Action
from tests.api import Api
from tests.factories import CHANGE, OrganizationFactory
from tests.partners.support.key_pages import ISSUE, READS, TOKEN, issue_form
from tests.partners.support.staff import access

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_lifetimes")]
LISTS = ["encounters.list", "encounters.detail"]


@pytest.fixture
def newcomer() -> Organization:
    return OrganizationFactory(allowlisted=False, routes=[])


@pytest.fixture
def asked(onboarding, newcomer) -> dict:
    opening = {"allowlist": "on", "routes": LISTS, "reason": "Go-live"}
    return issue_form(onboarding, newcomer) | opening


def presets(page) -> list[str]:
    return re.findall(r'name="preset" value="(\w+)"', page.text)


def page_for(client, organization):
    return client.get(f"{ISSUE}?organization={organization.pk}")


def ticked(page, name: str) -> list[str]:
    return [each[1] for each in re.finditer(rf'name="{name}" value="([\w:.]+)"[^>]* checked', page.text)]


@pytest.mark.parametrize(
    ("routes", "shown"),
    [
        ([Route.ENCOUNTERS_LIST], ["encounters"]),
        ([Route.ENCOUNTERS_LIST, Route.DOCUMENTS_DETAIL], ["documents"]),
        (Route.grantable(), ["documents", "recordings"]),
        ([], ["encounters", "documents", "recordings"]),
    ],
)
def test_the_presets_come_from_the_enabled_routes(onboarding, routes, shown):
    assert presets(page_for(onboarding, OrganizationFactory(routes=routes))) == shown


def test_without_an_organization_every_preset_of_scopes_is_offered(onboarding):
    assert presets(onboarding.get(ISSUE)) == ["documents", "recordings"]


def test_a_preset_ticks_its_scopes_and_keeps_what_was_typed(onboarding, organization):
    form = issue_form(onboarding, organization) | {"scopes": ["recordings:read"], "note": "Ask first.", "tags": "pilot"}
    page = onboarding.post(ISSUE, form | {"step": "", "preset": "documents"})
    assert ticked(page, "scopes") == READS
    for kept in ('value="EHR sync"', f'value="{organization.name}"', "Ask first.</textarea>", 'value="pilot"'):
        assert kept in page.text
    assert ticked(page, "lifetime") == ["90"]
    assert "errorlist" not in page.text
    assert not ApiKey.objects.exists()


def test_a_preset_of_a_new_partner_ticks_its_routes_too(onboarding, newcomer):
    page = onboarding.post(ISSUE, {"organization": newcomer.public_id, "preset": "encounters"})
    assert (ticked(page, "scopes"), ticked(page, "routes")) == (READS, [*LISTS, "changes.list"])
    assert re.search(r'name="allowlist"[^>]* checked', page.text)


def test_a_preset_keeps_no_token(onboarding, asked):
    token = "ch_sk_" + "A" * 61
    page = onboarding.post(ISSUE, asked | {"label": token, "preset": "encounters"})
    assert token not in page.text


def test_an_unknown_preset_is_refused(onboarding, organization):
    assert onboarding.post(ISSUE, {"organization": organization.name, "preset": "everything"}).status_code == 400


def test_enter_reviews_the_form(onboarding):
    first = re.search(r'<form class="issue" method="post".*?<button[^>]*>', onboarding.get(ISSUE).text, re.DOTALL)
    assert 'name="step" value="check"' in first[0]


def test_only_a_partner_without_routes_is_offered_access(onboarding, newcomer, organization):
    assert 'name="routes"' in page_for(onboarding, newcomer).text
    assert 'name="routes"' not in page_for(onboarding, organization).text
    listed = OrganizationFactory(routes=[])
    text = page_for(onboarding, listed).text
    assert ('name="routes"' in text, 'name="allowlist"' in text) == (True, False)


def test_one_review_opens_a_new_partner(onboarding, asked, newcomer):
    review = onboarding.post(ISSUE, asked | {"step": "check"})
    assert "can't call anything" not in html.unescape(review.text)
    assert "<dt>Enabled with it</dt>" in review.text
    assert review.text.count('<span class="state passed">Passes</span>') == 2
    assert 'class="state failed"' not in review.text
    assert access(newcomer) == (False, [])
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', review.text)
    sent = {name: [value for each, value in hidden if each == name] for name, _ in hidden}
    answer = onboarding.post(ISSUE, sent | {"step": "issue"})
    assert access(newcomer) == (True, LISTS)
    assert Api(TOKEN.search(answer.text)[0]).get("/external/v1/encounters").status_code == 200
    opened, issued = newcomer.events.order_by("pk")[:2]
    assert (opened.action, issued.action) == (Action.ACCESS_CHANGED, Action.KEY_ISSUED)
    assert {opened.reason, issued.reason} == {"Go-live"}
    assert opened.after == {"allowlisted": True, "routes": LISTS}


def test_a_partner_is_opened_when_the_link_to_its_key_is_sent(onboarding, asked, newcomer):
    newcomer.set_contact(CHANGE, name="", email="it@partner.example")
    onboarding.post(ISSUE, asked | {"step": "send"})
    assert newcomer.handovers.count() == 1
    assert access(newcomer) == (True, LISTS)


def test_access_needs_a_reason(onboarding, asked, newcomer):
    answer = onboarding.post(ISSUE, asked | {"reason": " "})
    assert "Give the reason for enabling access." in answer.text
    assert (access(newcomer), ApiKey.objects.count()) == ((False, []), 0)


def test_if_the_key_is_refused_nothing_is_opened(onboarding, asked, newcomer, settings):
    settings.DIGEST_KEYS = ""
    assert "set CHARTERO_DIGEST_KEYS" in onboarding.post(ISSUE, asked).text
    assert (access(newcomer), newcomer.events.count()) == ((False, []), 0)


def test_a_person_who_may_only_issue_is_offered_no_access_and_gives_none(asked, newcomer):
    user = User.objects.create_user("issuer", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_apikey", "issue_apikey"]))
    client = Client()
    client.force_login(user)
    assert 'name="routes"' not in page_for(client, newcomer).text
    for step in ("check", "issue"):
        assert client.post(ISSUE, asked | {"step": step}).status_code == 403
    assert (access(newcomer), ApiKey.objects.count()) == ((False, []), 0)


def test_the_review_of_a_key_that_opens_nothing_leads_back_to_the_access(onboarding, newcomer):
    form = issue_form(onboarding, newcomer)
    assert "choose <em>Change</em>" in onboarding.post(ISSUE, form | {"step": "check"}).text
    assert 'name="routes"' in onboarding.post(ISSUE, form | {"step": "change"}).text


def test_routes_that_nobody_chose_are_not_alarming(onboarding):
    partner = OrganizationFactory(routes=[Route.ENCOUNTERS_LIST])
    form = issue_form(onboarding, partner) | {"step": "check", "scopes": [scope.value for scope in Scope][:3]}
    text = onboarding.post(ISSUE, form).text
    assert text.count("Not included") == len(Route.grantable()) - 1
    assert f"<summary>{len(Route.grantable()) - 1} routes not included</summary>" in text
    assert text.index("Passes") < text.index('<details class="numbers">') < text.index("Not included")
    assert 'class="state failed"' not in text
    partner.set_access(CHANGE, allowlisted=False)
    assert 'class="state failed"' in onboarding.post(ISSUE, form).text
