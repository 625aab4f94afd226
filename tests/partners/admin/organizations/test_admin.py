"""Organizations: who sees and who changes them, the list, and a new one."""

import pytest

from partners.catalogue.routes import Route
from partners.models import ChangeEvent, Organization
from partners.models.change import Action
from partners.review.organization_report import Facts
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.support.calls import used
from tests.partners.support.staff import ORGANIZATIONS, access, page_of, signed_in, statements

pytestmark = pytest.mark.django_db
ADD = f"{ORGANIZATIONS}add/"


# Who may -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("role", "sees", "changes"),
    [(None, 403, 403), ("Support", 200, 403), ("Partner onboarding", 200, 200), ("Security", 200, 200)],
)
def test_every_role_sees_and_two_change(organization, role, sees, changes):
    client = signed_in(role)
    assert [client.get(page).status_code for page in (ORGANIZATIONS, page_of(organization))] == [sees, sees]
    assert client.get(page_of(organization, "access")).status_code == sees
    for page in (ADD, page_of(organization, "contact")):
        assert client.get(page).status_code == changes
    for page in (ADD, page_of(organization, "access"), page_of(organization, "contact")):
        if changes == 403:
            assert client.post(page, {"name": "x", "allowlisted": "on"}).status_code == 403
    assert client.get(page_of(organization, "delete")).status_code == 403
    assert client.post(page_of(organization, "delete"), {"post": "yes"}).status_code == 403
    assert ChangeEvent.objects.exclude(action=Action.PAGE_REFUSED).count() == 1


@pytest.mark.parametrize("role", ["Support", "Partner onboarding"])
def test_buttons_are_shown_only_with_the_permission(organization, role):
    client = signed_in(role)
    may = role != "Support"
    text = client.get(page_of(organization)).text + client.get(page_of(organization, "access")).text
    shown = {words: words in text for words in ("Save access", "Add contact</a>", f"?organization={organization.pk}")}
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
    assert rows == [Facts(partner, ["encounters.list"], 2, key.last_used_at), Facts(newcomer, [], 0, None)]
    text = support.get(ORGANIZATIONS).text
    for words in (
        partner.public_id,
        f"1 of {len(Route.grantable())}",
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
    assert {row.organization.name for row in response.context["rows"]} == found
    assert ("Clear" in response.text) == bool(query)
    assert ("No matching organizations" in response.text) == (not found)


def test_the_list_is_searched_by_id(support, organization, newcomer):
    for query in (organization.public_id, organization.public_id[:12]):
        rows = support.get(f"{ORGANIZATIONS}?q={query}").context["rows"]
        assert [row.organization for row in rows] == [organization]


@pytest.mark.parametrize("query", ["show=elsewhere", f"q={'x' * 201}"])
def test_a_search_that_makes_no_sense_says_so(support, query):
    response = support.get(f"{ORGANIZATIONS}?{query}")
    assert response.context["form"].errors
    assert response.status_code == 200


def test_the_list_is_by_name_in_pages_that_keep_the_filter(support):
    Organization.objects.bulk_create(Organization(name=f"{'iI'[index % 2]}nvented {index:03}") for index in range(70))
    response = support.get(f"{ORGANIZATIONS}?show=refused&page=2")
    assert [row.organization.name[-3:] for row in response.context["rows"]] == [
        f"{index:03}" for index in range(25, 50)
    ]
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
    assert statements(support, ORGANIZATIONS) == one <= 13


# A new one -----------------------------------------------------------------------------------------------------------
NEW = {"name": " Clinic ", "contact_name": "Ada", "contact_email": "ada@partner.example", "ticket": "OPS-7"}


def test_an_organization_is_created_and_its_page_says_what_comes_next(onboarding):
    response = onboarding.post(ADD, NEW, follow=True)
    partner = Organization.objects.get()
    assert response.redirect_chain == [(page_of(partner), 302)]
    assert [step.title for step in response.context["checklist"].steps if step.next] == [
        "Add the purpose of the disclosures"
    ]
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
def test_an_error_is_next_to_its_field_and_nothing_typed_is_lost(onboarding, newcomer, given, field):
    response = onboarding.post(ADD, NEW | {"reason": "Agreed by phone"} | given)
    assert list(response.context["form"].errors) == [field]
    typed = NEW | given
    assert [response.context["form"][name].value() for name in typed] == [*typed.values()]
    assert Organization.objects.get() == newcomer


def test_an_error_without_a_field_is_shown_above_the_form(onboarding, monkeypatch):
    monkeypatch.setattr("partners.signin.base.client_address", lambda request: "x" * 101)
    response = onboarding.post(ADD, NEW)
    assert "at most 100 characters" in response.text
    assert not Organization.objects.exists()


def test_a_token_in_a_text_is_dropped(onboarding, token):
    response = onboarding.post(ADD, NEW | {"reason": f"for {token}", "other": token})
    assert token not in response.text
    assert "This text held a token" in response.text
    assert list(response.context["form"].errors) == ["reason", "__all__"]


# Its contact ---------------------------------------------------------------------------------------------------------
