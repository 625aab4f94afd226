"""What staff change on the page of one organization: its access, and its contact."""

import pytest
from django.contrib.messages import get_messages

from partners.catalogue.routes import Route
from partners.models import Organization
from partners.models.change import Action
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.support.staff import access, make_stale, page_of

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


def test_the_access_form_also_has_its_own_page(onboarding, organization):
    text = onboarding.get(page_of(organization, "access")).text
    assert text.count(" checked") == 3
    assert text.count('name="shown"') == 3


CONTACT = {"contact_name": "Ada", "contact_email": "ada@partner.example"}


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
