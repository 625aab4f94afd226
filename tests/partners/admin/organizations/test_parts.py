"""The parts of an organization's page: their tabs, and its keys, calls and changes."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from partners.catalogue.routes import Scope
from partners.models.change import ABOUT_PATIENTS, ChangeEvent
from tests.factories import CHANGE, issue
from tests.partners.support.calls import called
from tests.partners.support.staff import page_of, statements

pytestmark = pytest.mark.django_db
PARTS = {
    "change": "Overview",
    "access": "Access",
    "keys": "Keys",
    "webhooks": "Webhooks",
    "calls": "Calls",
    "changes": "Changes",
}


def tabs(page) -> list[tuple[str, str]]:
    """Return the address and the title of each tab."""
    found = re.search(r'<nav class="tabs".*?</nav>', page.text, re.DOTALL)
    return re.findall(r'<a href="([^"]+)"[^>]*>(\w+)</a>', found[0])


@pytest.mark.parametrize("part", PARTS)
def test_every_part_has_the_same_heading_and_all_tabs(support, organization, part):
    page = support.get(page_of(organization, part))
    assert f"<h1>{organization.name}</h1>" in page.text
    assert f">{organization.public_id}</code>" in page.text.partition('<nav class="tabs"')[0]
    assert tabs(page) == [(page_of(organization, name), title) for name, title in PARTS.items()]
    assert f'{page_of(organization, part)}" aria-current="page">{PARTS[part]}</a>' in page.text


def test_who_may_not_see_calls_has_no_tab_for_them(organization):
    person = User.objects.create_user("invented", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename="view_organization"))
    client = Client()
    client.force_login(person)
    titles = [title for _, title in tabs(client.get(page_of(organization)))]
    assert titles == ["Overview", "Access", "Keys", "Webhooks", "Changes"]
    assert client.get(page_of(organization, "calls")).status_code == 403


@pytest.mark.parametrize(
    ("part", "most"), [("change", 22), ("access", 12), ("keys", 12), ("webhooks", 9), ("calls", 15), ("changes", 10)]
)
def test_no_part_takes_more_statements_for_more_keys_calls_and_changes(support, organization, part, most):
    called(issue(organization)[0], times=2)
    one = statements(support, page_of(organization, part))
    for at in range(40):
        called(issue(organization, scopes=[*Scope][: at % 4])[0], times=2)
    assert statements(support, page_of(organization, part)) == one <= most


# Keys ----------------------------------------------------------------------------------------------------------------
def test_its_keys_are_shown_in_every_state(support, organization):
    issue(organization)[0].revoke(CHANGE)
    issue(organization, expires_at=timezone.now() + timedelta(days=9))
    text = support.get(page_of(organization, "keys")).text
    for words in ('state revoked"', 'state active"', "No end date", "in 9 days", "2 keys, newest first"):
        assert words in text


def test_its_keys_are_paged(support, organization):
    for index in range(25):
        issue(organization, label=f"Number {index:02}.")
    first, second = (support.get(f"{page_of(organization, 'keys')}?page={page}").text for page in (1, 2))
    assert ["Number 24." in first, "Number 04." in first, "Number 04." in second] == [True, False, True]
    assert "25 keys, newest first" in second


@pytest.mark.parametrize("may", [True, False])
def test_without_keys_the_first_one_can_be_issued(support, onboarding, organization, may):
    text = (onboarding if may else support).get(page_of(organization, "keys")).text
    assert "No keys yet." in text
    assert ("Issue the first one" in text) == may


# Changes -------------------------------------------------------------------------------------------------------------
def test_its_timeline_is_paged(support, organization):
    for index in range(20):
        organization.set_contact(CHANGE, name=f"Person {index:02}", email="")
    first, second = (support.get(f"{page_of(organization, 'changes')}?page={page}").text for page in (1, 2))
    assert ["Person 19" in first, "Person 00" in first, "Person 00" in second] == [True, False, True]
    assert "Access changed" in second


@pytest.mark.parametrize("action", ABOUT_PATIENTS)
@pytest.mark.parametrize("may", [True, False])
def test_only_those_who_may_account_see_what_was_done_about_patients(support, security, organization, may, action):
    ChangeEvent.record(action, CHANGE, organization=organization)
    text = (security if may else support).get(page_of(organization, "changes")).text
    assert (str(action.label) in text) == may
    assert (f"/admin/partners/changeevent/?organization={organization.public_id}" in text) == may
