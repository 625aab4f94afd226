"""Organizations: the list, a new one, one organization's page, and what may be changed there."""

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone

from partners.events import Action
from partners.models import ApiKeySwitch, ChangeEvent, Organization
from partners.routes import Route, Scope
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.calls import used
from tests.partners.staff import ORGANIZATIONS, page_of, signed_in, statements

pytestmark = pytest.mark.django_db
ADD = f"{ORGANIZATIONS}add/"
LIST, DETAIL = "encounters.list", "encounters.detail"
EVERYTHING = ["allowlist", LIST, DETAIL]


@pytest.fixture(autouse=True)
def one_factor(settings):
    settings.SECOND_FACTOR = False


@pytest.fixture
def support():
    return signed_in("Support")


@pytest.fixture
def onboarding():
    return signed_in("Partner onboarding")


@pytest.fixture
def newcomer():
    return Organization.create("Invented Newcomer", CHANGE)


@pytest.fixture
def organization(db):
    """A partner that lists encounters and reads them, but none of their documents."""
    return OrganizationFactory(routes=[Route.ENCOUNTERS_LIST, Route.ENCOUNTERS_DETAIL])


def access(organization) -> tuple[bool, list[str]]:
    organization = Organization.objects.get(pk=organization.pk)
    return organization.allowlisted, organization.enabled_routes()


def told(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


# Who may -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("role", "sees", "changes"),
    [(None, 403, 403), ("Support", 200, 403), ("Partner onboarding", 200, 200), ("Security", 200, 200)],
)
def test_every_role_sees_and_two_change(organization, role, sees, changes):
    client = signed_in(role)
    assert [client.get(page).status_code for page in (ORGANIZATIONS, page_of(organization))] == [sees, sees]
    for page in (ADD, page_of(organization, "access"), page_of(organization, "contact")):
        assert client.get(page).status_code == changes
        if changes == 403:
            assert client.post(page, {"name": "x", "allowlisted": "on"}).status_code == 403
    assert client.get(page_of(organization, "delete")).status_code == 403
    assert client.post(page_of(organization, "delete"), {"post": "yes"}).status_code == 403
    assert ChangeEvent.objects.count() == 1


@pytest.mark.parametrize("role", ["Support", "Partner onboarding"])
def test_buttons_are_shown_to_those_who_may(organization, role):
    client = signed_in(role)
    may = role != "Support"
    text = client.get(page_of(organization)).text
    shown = {words: words in text for words in ("Save access", "Change contact", f"?organization={organization.pk}")}
    assert set(shown.values()) == {may}, shown
    assert (ADD in client.get(ORGANIZATIONS).text) is may


# The list ------------------------------------------------------------------------------------------------------------
def test_the_list_says_what_each_may_do(support, newcomer):
    partner = OrganizationFactory(
        name="Clinic", routes=[Route.ENCOUNTERS_LIST], contact_name="Ada", contact_email="a@b.example"
    )
    for _ in range(3):
        issue(partner)
    key = used(partner.api_keys.first(), days=2)
    used(partner.api_keys.last(), days=3)
    key.revoke(CHANGE)
    rows = support.get(ORGANIZATIONS).context["rows"]
    assert rows == [(partner, 1, 2, key.last_used_at), (newcomer, 0, 0, None)]
    text = support.get(ORGANIZATIONS).text
    for words in (
        partner.public_id,
        f"1 of {len(Route)}",
        "Ada",
        "mailto:a@b.example",
        "2 organizations",
        "2 days ago",
        "Never used",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"Alpha", "Beta", "beta two"}),
        ("q=BETA", {"Beta", "beta two"}),
        ("q=eta+two", {"beta two"}),
        ("show=allowlisted", {"Alpha", "beta two"}),
        ("show=refused", {"Beta"}),
        ("show=nothing", {"Beta", "beta two"}),
        ("show=nothing&q=two", {"beta two"}),
        ("q=elsewhere", set()),
    ],
)
def test_the_list_is_searched_and_filtered(support, query, found):
    issue(OrganizationFactory(name="Alpha"))
    issue(OrganizationFactory(name="Beta", allowlisted=False))
    OrganizationFactory(name="beta two")
    response = support.get(f"{ORGANIZATIONS}?{query}")
    assert {row.name for row, *_ in response.context["rows"]} == found
    assert ("Clear" in response.text) == bool(query)
    assert ("No organization fits" in response.text) == (not found)


def test_the_list_is_searched_by_id(support, organization, newcomer):
    for query in (organization.public_id, organization.public_id[:12]):
        rows = support.get(f"{ORGANIZATIONS}?q={query}").context["rows"]
        assert [row for row, *_ in rows] == [organization]


@pytest.mark.parametrize("query", ["q=%00", "show=elsewhere", f"q={'x' * 201}"])
def test_a_search_that_makes_no_sense_says_so(support, query):
    response = support.get(f"{ORGANIZATIONS}?{query}")
    assert response.context["form"].errors
    assert response.status_code == 200


def test_the_list_is_by_name_in_pages_that_keep_the_filter(support):
    Organization.objects.bulk_create(Organization(name=f"{'iI'[index % 2]}nvented {index:03}") for index in range(120))
    response = support.get(f"{ORGANIZATIONS}?show=refused&page=2")
    assert [row.name[-3:] for row, *_ in response.context["rows"]] == [f"{index:03}" for index in range(50, 100)]
    assert "?show=refused&amp;page=3" in response.text
    assert support.get(f"{ORGANIZATIONS}?page=99").context["page"].number == 3


def test_before_the_first_organization_the_list_says_how_to_begin(support, onboarding):
    assert "No organizations yet." in support.get(ORGANIZATIONS).text
    assert "create the first one" not in support.get(ORGANIZATIONS).text
    assert "create the first one" in onboarding.get(ORGANIZATIONS).text


def test_the_list_takes_a_fixed_number_of_statements(support, organization):
    issue(organization)
    one = statements(support, ORGANIZATIONS)
    for _ in range(40):
        issue(OrganizationFactory())
    assert statements(support, ORGANIZATIONS) == one <= 10


# A new one -----------------------------------------------------------------------------------------------------------
NEW = {"name": " Clinic ", "contact_name": "Ada", "contact_email": "ada@partner.example", "ticket": "OPS-7"}


def test_an_organization_is_created_and_its_page_says_what_comes_next(onboarding):
    response = onboarding.post(ADD, NEW, follow=True)
    partner = Organization.objects.get()
    assert response.redirect_chain == [(page_of(partner), 302)]
    assert "Next: allowlist it" in response.text
    event = partner.events.get()
    assert (event.by, event.source, event.ticket) == ("Partner onboarding-person", "127.0.0.1", "OPS-7")
    assert (partner.name, partner.contact_email, access(partner)) == ("Clinic", "ada@partner.example", (False, []))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "Two\nlines"}, "name"),
        ({"name": "INVENTED newcomer"}, "name"),
        ({"contact_name": "Ada\x07"}, "contact_name"),
        ({"contact_email": "ada"}, "contact_email"),
        ({"reason": "bell \x07"}, "reason"),
        ({"ticket": "x" * 101}, "ticket"),
    ],
)
def test_a_refusal_stands_next_to_its_field_and_nothing_typed_is_lost(onboarding, newcomer, given, field):
    response = onboarding.post(ADD, NEW | {"reason": "Agreed by phone"} | given)
    assert list(response.context["form"].errors) == [field]
    typed = NEW | given
    assert [response.context["form"][name].value() for name in typed] == [*typed.values()]
    assert Organization.objects.get() == newcomer


def test_what_the_form_has_no_field_for_is_refused_above_it(onboarding, monkeypatch):
    monkeypatch.setattr("partners.admin.base.client_address", lambda request: "x" * 101)
    response = onboarding.post(ADD, NEW)
    assert "at most 100 characters" in response.text
    assert not Organization.objects.exists()


def test_a_token_in_a_text_is_dropped(onboarding, token):
    response = onboarding.post(ADD, NEW | {"reason": f"for {token}", "other": token})
    assert token not in response.text
    assert "This held a token" in response.text
    assert list(response.context["form"].errors) == ["reason", "__all__"]


# One organization ----------------------------------------------------------------------------------------------------
def test_its_page_is_found_by_its_id_too(support, organization):
    assert support.get(f"{ORGANIZATIONS}{organization.public_id}/change/").context["organization"] == organization


@pytest.mark.parametrize("key", ["0", "99999999999999999999", "org_unknown", "²", "x"])
def test_an_organization_that_is_not_there_is_not_found(support, key):
    assert support.get(f"{ORGANIZATIONS}{key}/change/").status_code == 404


def test_its_history_is_its_timeline(support, organization):
    assert support.get(page_of(organization, "history")).headers["Location"] == page_of(organization)


def test_the_page_says_the_next_step(onboarding, newcomer):
    steps = [
        ("Next: allowlist it", lambda: newcomer.set_access(CHANGE, allowlisted=True)),
        ("Next: enable its routes", lambda: newcomer.set_access(CHANGE, enable=Route)),
        ("Next: issue a key", lambda: issue(newcomer)),
    ]
    for words, take in steps:
        assert words in onboarding.get(page_of(newcomer)).text
        take()
    assert "Next:" not in onboarding.get(page_of(newcomer)).text


def test_the_first_action_is_to_give_access_and_then_to_issue_a_key(onboarding, organization, newcomer):
    first = [onboarding.get(page_of(partner)).text.count('button primary"') for partner in (newcomer, organization)]
    assert first == [0, 1]
    saving = ['class="primary">Save' in onboarding.get(page_of(partner)).text for partner in (newcomer, organization)]
    assert saving == [True, False]


def test_who_may_not_is_told_who_can(support, newcomer):
    assert "Partner onboarding can do that." in support.get(page_of(newcomer)).text


def test_routes_are_checkboxes_that_say_what_they_open_and_require(onboarding, organization):
    text = onboarding.get(page_of(organization)).text
    assert text.count('type="checkbox"') == 1 + len(Route)
    assert "<select" not in text
    assert "GET /external/v1/encounters/{encounter_id}" in text
    assert "Requires <code>encounters:read</code>, <code>patients:read</code>, <code>documents:read</code>." in text


def test_the_grid_shows_each_verdict_with_its_code(support, organization):
    organization.set_access(CHANGE, enable=Route)
    issue(organization, scopes=[Scope.ENCOUNTERS_READ])
    issue(organization)
    response = support.get(page_of(organization))
    assert response.text.count("missing_scope</code>") == len(Route)
    assert response.text.count(">Passes<") == len(Route)
    assert "The scopes of some keys open no enabled route." in response.text
    ApiKeySwitch.turn(False, CHANGE)
    assert support.get(page_of(organization)).text.count("api_keys_disabled</code></a>") == 2 * len(Route) + 1


def test_of_many_keys_the_newest_are_shown_and_all_are_counted(support, organization):
    for index in range(60):
        issue(organization, label=f"Number {index:02}.", scopes=[])
    response = support.get(page_of(organization))
    assert "The newest 50 of 60" in response.text
    assert "55 more" in response.text
    assert "Number 59." in response.text
    assert "Number 09." not in response.text


def test_its_keys_are_shown_in_every_state(support, organization):
    issue(organization)[0].revoke(CHANGE)
    issue(organization, expires_at=timezone.now() + timedelta(days=9))
    text = support.get(page_of(organization)).text
    for words in ('state revoked"', 'state active"', "No end date", "in 9 days", "2 keys, the newest first"):
        assert words in text


def test_its_timeline_is_paged(support, organization):
    for index in range(25):
        organization.set_contact(CHANGE, name=f"Person {index:02}.", email="")
    first, second = (support.get(f"{page_of(organization)}?page={page}").text for page in (1, 2))
    assert "Person 24." in first
    assert "Person 00." not in first
    assert "Person 00." in second
    assert "Access changed" in second


def test_its_page_takes_a_fixed_number_of_statements(support, organization):
    issue(organization)
    one = statements(support, page_of(organization))
    for _ in range(49):
        issue(organization)
    assert statements(support, page_of(organization)) == one <= 22


def test_markup_is_shown_as_text_everywhere(onboarding, organization):
    markup = "<script>alert(1)</script>"
    partner = Organization.create(markup, CHANGE, contact_name=markup, contact_email='"<b>"@partner.example')
    partner.set_access(CHANGE, allowlisted=True, enable=Route)
    issue(partner, label=markup)
    pages = [page_of(partner), page_of(partner, "contact"), page_of(partner, "access"), ORGANIZATIONS]
    texts = [onboarding.get(page).text for page in pages]
    texts += [onboarding.post(page_of(partner, "access"), {"shown": EVERYTHING, "reason": markup}).text]
    texts += [onboarding.post(ADD, {"name": markup, "reason": markup}).text]
    assert [text for text in texts if "<script>alert" in text or "<b>" in text] == []
    assert all("&lt;script&gt;" in text for text in texts)


# Its access ----------------------------------------------------------------------------------------------------------
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
        ({}, (False, []), "Nothing was changed: it is so already."),
    ],
)
def test_access_is_given(onboarding, newcomer, given, result, words):
    response = onboarding.post(page_of(newcomer, "access"), given)
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
    response = onboarding.post(page_of(organization, "access"), given | {"shown": EVERYTHING})
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
def test_what_active_keys_use_is_taken_only_when_confirmed(onboarding, organization, given, off, left):
    key = issue(organization, label="Nightly")[0]
    form = given | {"shown": EVERYTHING, "reason": "Contract ended"}
    response = onboarding.post(page_of(organization, "access"), form)
    assert "1 active key can call what you switch off." in response.text
    assert key.public_part in response.text
    assert f"Switch off {off} all the same" in response.text
    assert "Contract ended" in response.text
    assert access(organization) == (True, [LIST, DETAIL])
    onboarding.post(page_of(organization, "access"), form | {"confirmed": off})
    assert access(organization) == left


def test_a_confirmation_holds_for_what_was_warned_of_alone(onboarding, organization):
    issue(organization)
    response = onboarding.post(page_of(organization, "access"), {"shown": EVERYTHING, "confirmed": LIST})
    assert response.context["loss_count"] == 1
    assert access(organization) == (True, [LIST, DETAIL])


def test_of_many_losers_the_first_are_named(onboarding, organization):
    for _ in range(51):
        issue(organization)
    text = onboarding.post(page_of(organization, "access"), {"shown": EVERYTHING}).text
    assert "51 active keys can call" in text
    assert "Only the first 50 are listed." in text


def test_a_page_opened_before_anothers_change_does_not_undo_it(onboarding, organization):
    organization.set_access(CHANGE, disable=[Route.ENCOUNTERS_LIST])
    form = {"allowlisted": "on", "routes": [LIST], "shown": EVERYTHING}
    onboarding.post(page_of(organization, "access"), form)
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


def test_the_form_of_access_stands_alone_too(onboarding, organization):
    text = onboarding.get(page_of(organization, "access")).text
    assert text.count(" checked") == 3
    assert text.count('name="shown"') == 3


# Its contact ---------------------------------------------------------------------------------------------------------
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
    assert told(onboarding.post(page, CONTACT))[-1] == "Nothing was changed: it is so already."


@pytest.mark.parametrize(
    ("given", "field"), [({"contact_email": "ada"}, "contact_email"), ({"reason": "bell \x07"}, "reason")]
)
def test_a_refused_contact_keeps_what_was_typed(onboarding, organization, given, field):
    response = onboarding.post(page_of(organization, "contact"), CONTACT | given)
    assert list(response.context["form"].errors) == [field]
    assert "Ada" in response.text
    assert Organization.objects.get().contact_name == ""
