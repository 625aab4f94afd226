"""One organization on its page: the next step, what its keys can call, its keys, its timeline."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from partners.catalogue.routes import Route, Scope
from partners.models import ApiKeySwitch, Organization
from tests.factories import CHANGE, issue
from tests.partners.support.calls import used
from tests.partners.support.diagnosing import text_of
from tests.partners.support.staff import ORGANIZATIONS, page_of, statements

pytestmark = pytest.mark.django_db
ADD = f"{ORGANIZATIONS}add/"


def test_its_page_is_found_by_its_id_too(support, organization):
    assert support.get(f"{ORGANIZATIONS}{organization.public_id}/change/").context["organization"] == organization


@pytest.mark.parametrize("key", ["0", "99999999999999999999", "org_unknown", "²", "x"])
def test_an_organization_that_is_not_there_is_not_found(support, key):
    assert support.get(f"{ORGANIZATIONS}{key}/change/").status_code == 404


def test_its_history_is_its_timeline(support, organization):
    assert support.get(page_of(organization, "history")).headers["Location"] == page_of(organization)


def test_the_page_says_the_next_step(onboarding, newcomer):
    taken = [
        ("Add the contact at the partner", lambda: newcomer.set_contact(CHANGE, name="Dana Example", email="")),
        ("Add the purpose of the disclosures", lambda: newcomer.set_purpose(CHANGE, "Treatment")),
        ("Allowlist the organization", lambda: newcomer.set_access(CHANGE, allowlisted=True)),
        ("Enable its routes", lambda: newcomer.set_access(CHANGE, enable=Route.grantable())),
        ("Issue a key and hand it over", lambda: issue(newcomer)),
        ("The partner makes a first call", lambda: used(newcomer.api_keys.get(), minutes=5)),
    ]
    for number, (title, take) in enumerate(taken):
        page = onboarding.get(page_of(newcomer))
        steps = page.context["steps"]
        assert [step.title for step in steps if step.next] == [title]
        assert [step.done for step in steps] == [True] * number + [False] * (len(taken) - number)
        assert all(onboarding.get(step.url).status_code == 200 for step in steps if step.url)
        assert page.text.count("don't fit together") == 0
        take()
    assert "Steps to the first call" not in onboarding.get(page_of(newcomer)).text


def test_a_partner_that_lost_what_it_needs_sees_the_steps_again(onboarding, organization):
    used(issue(organization)[0], minutes=5)
    assert "Steps to the first call" not in onboarding.get(page_of(organization)).text
    organization.set_access(CHANGE, allowlisted=False)
    assert "Steps to the first call" in onboarding.get(page_of(organization)).text


def primary_save(page) -> bool:
    return bool(re.search(r'class="primary">\s*Save', page.text))


def test_the_first_action_is_to_give_access_and_then_to_issue_a_key(onboarding, organization, newcomer):
    first = [onboarding.get(page_of(partner)).text.count('button primary"') for partner in (newcomer, organization)]
    assert first == [0, 1]
    saving = [primary_save(onboarding.get(page_of(partner))) for partner in (newcomer, organization)]
    assert saving == [True, False]


def test_people_without_the_permission_see_who_has_it(support, newcomer):
    assert "Partner onboarding can do that." in support.get(page_of(newcomer)).text


def test_routes_are_checkboxes_that_say_what_they_open_and_require(onboarding, organization):
    page = onboarding.get(page_of(organization))
    text = page.text
    assert text.count('type="checkbox"') == 1 + len(Route.grantable())
    assert "<select" not in text
    assert "key.read" not in text
    assert "GET /external/v1/encounters/{encounter_id}" in text
    assert "Requires encounters:read, patients:read, documents:read." in text_of(page)


def test_the_grid_shows_each_verdict_with_its_code(support, organization):
    organization.set_access(CHANGE, enable=Route.grantable())
    issue(organization, scopes=[Scope.ENCOUNTERS_READ])
    issue(organization)
    response = support.get(page_of(organization))
    assert response.text.count("missing_scope</code>") == len(Route.grantable())
    assert response.text.count(">Passes<") == len(Route.grantable())
    assert "The scopes of some keys don&#x27;t open any enabled route." in response.text
    ApiKeySwitch.turn(False, CHANGE)
    refused = support.get(page_of(organization)).text.count("api_keys_disabled</code></a>")
    assert refused == 2 * len(Route.grantable()) + 1


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
    for words in ('state revoked"', 'state active"', "No end date", "in 9 days", "2 keys, newest first"):
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
    partner.set_access(CHANGE, allowlisted=True, enable=Route.grantable())
    issue(partner, label=markup)
    pages = [page_of(partner), page_of(partner, "contact"), page_of(partner, "access"), ORGANIZATIONS]
    texts = [onboarding.get(page).text for page in pages]
    texts += [
        onboarding.post(page_of(partner, "access"), {"shown": ["allowlist", "encounters.list"], "reason": markup}).text
    ]
    texts += [onboarding.post(ADD, {"name": markup, "reason": markup}).text]
    assert [text for text in texts if "<script>alert" in text or "<b>" in text] == []
    assert all("&lt;script&gt;" in text for text in texts)
