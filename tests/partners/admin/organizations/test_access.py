"""The access of an organization: what its keys can call, and what staff change."""

import pytest
from django.contrib.messages import get_messages

from partners.catalogue.routes import Route, Scope
from partners.models import ApiKeySwitch
from partners.models.change import Action
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.support.diagnosing import text_of
from tests.partners.support.staff import access, page_of

pytestmark = pytest.mark.django_db
LIST, DETAIL = "encounters.list", "encounters.detail"
EVERYTHING = ["allowlist", LIST, DETAIL]


@pytest.fixture
def organization(db):
    """A partner that lists encounters and reads them, but none of their documents."""
    return OrganizationFactory(routes=[Route.ENCOUNTERS_LIST, Route.ENCOUNTERS_DETAIL])


def save(client, organization, page="access", **given):
    """Send the form of a page with a reason."""
    return client.post(page_of(organization, page), {"reason": "the partner asks"} | given)


def told(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


@pytest.mark.parametrize(
    ("given", "result", "words"),
    [
        ({"allowlisted": "on"}, (True, []), "Saved: allowlisted."),
        ({"routes": [LIST]}, (False, [LIST]), "Saved: encounters.list enabled."),
        (
            {"allowlisted": "on", "routes": [LIST, DETAIL]},
            (True, [LIST, DETAIL]),
            "Saved: allowlisted, encounters.list enabled, encounters.detail enabled.",
        ),
        ({}, (False, []), "Nothing to change: already up to date."),
    ],
)
def test_access_is_given(onboarding, newcomer, given, result, words):
    response = save(onboarding, newcomer, **given)
    assert response.headers["Location"] == page_of(newcomer)
    assert (access(newcomer), told(response)) == (result, [words])


@pytest.mark.parametrize(
    ("given", "result", "words"),
    [
        ({"routes": [LIST, DETAIL]}, (False, [LIST, DETAIL]), "Saved: no longer allowlisted."),
        ({"allowlisted": "on", "routes": [LIST]}, (True, [LIST]), "Saved: encounters.detail disabled."),
    ],
)
def test_access_that_no_key_uses_is_taken_at_once(onboarding, organization, given, result, words):
    issue(organization, scopes=[])
    response = save(onboarding, organization, **given, shown=EVERYTHING)
    assert (access(organization), told(response)) == (result, [words])


def test_a_change_of_access_is_recorded(onboarding, newcomer):
    onboarding.post(page_of(newcomer, "access"), {"allowlisted": "on", "reason": "Contract signed", "ticket": "OPS-7"})
    event = newcomer.events.first()
    assert (event.action, event.by, event.source) == (
        Action.ACCESS_CHANGED,
        "Partner onboarding-person",
        "127.0.0.1",
    )
    assert (event.reason, event.ticket) == ("Contract signed", "OPS-7")


@pytest.mark.parametrize(
    ("given", "off", "left"),
    [
        ({"routes": [LIST, DETAIL]}, "allowlist", (False, [LIST, DETAIL])),
        ({"allowlisted": "on", "routes": [DETAIL]}, LIST, (True, [DETAIL])),
        ({}, f"allowlist, {LIST}, {DETAIL}", (False, [])),
    ],
)
def test_access_that_active_keys_use_is_removed_only_after_confirmation(onboarding, organization, given, off, left):
    key = issue(organization, label="Nightly")[0]
    form = given | {"shown": EVERYTHING, "reason": "Contract ended"}
    response = onboarding.post(page_of(organization, "access"), form)
    assert "1 active key can call what you are switching off." in response.text
    assert key.public_part in response.text
    assert f"Yes, switch off {off}" in response.text
    assert "Contract ended" in response.text
    assert access(organization) == (True, [LIST, DETAIL])
    onboarding.post(page_of(organization, "access"), form | {"confirmed": off})
    assert access(organization) == left


def test_a_confirmation_covers_only_what_the_warning_named(onboarding, organization):
    issue(organization)
    response = save(onboarding, organization, shown=EVERYTHING, confirmed=LIST)
    assert response.context["loss_count"] == 1
    assert access(organization) == (True, [LIST, DETAIL])


def test_of_many_losers_the_first_are_named(onboarding, organization):
    for _ in range(51):
        issue(organization)
    text = save(onboarding, organization, shown=EVERYTHING).text
    assert "51 active keys can call" in text
    assert "Only the first 50 are listed." in text


def test_a_page_opened_before_anothers_change_does_not_undo_it(onboarding, organization):
    organization.set_access(CHANGE, disable=[Route.ENCOUNTERS_LIST])
    save(onboarding, organization, allowlisted="on", routes=[LIST], shown=EVERYTHING)
    assert access(organization) == (True, [])


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"routes": ["encounters.all"]}, "routes"),
        ({"shown": ["encounters.all"]}, "shown"),
        ({"reason": "bell \x07"}, "reason"),
        ({"ticket": "two\nlines"}, "ticket"),
    ],
)
def test_a_refused_change_of_access_keeps_what_was_typed(onboarding, newcomer, given, field):
    form = {"allowlisted": "on", "reason": "Contract signed", "ticket": "OPS-7"} | given
    response = onboarding.post(page_of(newcomer, "access"), form)
    assert list(response.context["form"].errors) == [field]
    assert response.context["form"]["allowlisted"].value()
    assert form["reason"] in response.text
    assert access(newcomer) == (False, [])


def test_a_change_that_cannot_be_recorded_is_not_made(onboarding, newcomer, monkeypatch):
    monkeypatch.setattr("partners.signin.base.client_address", lambda request: "x" * 101)
    assert "at most 100 characters" in save(onboarding, newcomer, allowlisted="on").text
    assert access(newcomer) == (False, [])


def test_the_form_shows_the_access(onboarding, organization):
    text = onboarding.get(page_of(organization, "access")).text
    assert text.count(" checked") == 3
    assert text.count('name="shown"') == 3


def test_people_who_may_not_change_the_access_see_it_as_a_table(support, organization):
    text = support.get(page_of(organization, "access")).text
    assert text.partition('id="names"')[0].count('state on">Yes') == 3
    assert '<form method="post" action' not in text.partition('id="access"')[2]


def test_routes_are_checkboxes_that_say_what_they_open_and_require(onboarding, organization):
    page = onboarding.get(page_of(organization, "access"))
    assert page.text.count('type="checkbox"') == 1 + len(Route.grantable())
    assert "<select" not in page.text
    assert "key.read" not in page.text
    assert "GET /external/v1/encounters/{encounter_id}" in page.text
    assert "Requires encounters:read, patients:read, documents:read." in text_of(page)


# What its keys can call ----------------------------------------------------------------------------------------------
def test_the_grid_shows_each_verdict_with_its_code(support, organization):
    organization.set_access(CHANGE, enable=Route.grantable())
    issue(organization, scopes=[Scope.ENCOUNTERS_READ])
    issue(organization)
    response = support.get(page_of(organization, "access"))
    assert response.text.count("missing_scope</code>") == len(Route.grantable())
    assert response.text.count(">Passes<") == len(Route.grantable())
    ApiKeySwitch.turn(False, CHANGE)
    refused = support.get(page_of(organization, "access")).text.count("api_keys_disabled</code></a>")
    assert refused == 2 * len(Route.grantable()) + 1


def test_keys_that_can_call_the_same_share_a_row(support, organization):
    for index in range(60):
        issue(organization, label=f"Number {index:02}.", scopes=[])
    issue(organization, label="Another.")
    page = support.get(page_of(organization, "access"))
    assert page.text.count("missing_scope</code>") == 2
    assert "57 more" in page.text
    assert [f"Number {index:02}." in page.text for index in (59, 40, 39)] == [True, True, False]
    assert "All keys" in page.text


def test_without_an_active_key_there_is_no_grid(support, organization):
    assert "No active key yet." in support.get(page_of(organization, "access")).text
