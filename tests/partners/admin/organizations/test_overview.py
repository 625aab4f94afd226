"""The overview of an organization: the next step, what doesn't fit together, its data, and the main facts."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from partners.catalogue.routes import Route, Scope
from partners.models import Approval, Organization
from partners.models.approvals.key import WantedKey
from partners.models.approvals.kinds import ACCESS, ENDPOINT, KEY
from tests.factories import CHANGE, EncounterFactory, OrganizationFactory, issue
from tests.partners.support.calls import used
from tests.partners.support.diagnosing import text_of
from tests.partners.support.staff import ORGANIZATIONS, page_of, signed_in

pytestmark = pytest.mark.django_db
ADD = f"{ORGANIZATIONS}add/"
PARTS = ("change", "access", "keys", "calls", "changes")
CONTRADICTS = "don't fit together"
ALLOWLIST, ISSUE = ["Allowlist the organization"], ["Issue a key and hand it over"]
KEY_FACTS = WantedKey(
    None, "Sync", [Scope.ENCOUNTERS_READ], by_link=False, allowlist=True, enable=[Route.ENCOUNTERS_LIST]
).facts


def test_its_page_is_found_by_its_id_too(support, organization):
    assert support.get(f"{ORGANIZATIONS}{organization.public_id}/change/").context["organization"] == organization


@pytest.mark.parametrize("key", ["0", "99999999999999999999", "org_unknown", "²", "x"])
def test_an_organization_that_is_not_there_is_not_found(support, key):
    assert support.get(f"{ORGANIZATIONS}{key}/change/").status_code == 404


def test_its_history_is_its_timeline(support, organization):
    assert support.get(page_of(organization, "history")).headers["Location"] == page_of(organization)


# The next step -------------------------------------------------------------------------------------------------------
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
        steps = page.context["checklist"].steps
        assert [step.title for step in steps if step.next] == [title]
        assert [step.done for step in steps] == [True] * number + [False] * (len(taken) - number)
        assert all(onboarding.get(step.url).status_code == 200 for step in steps if step.url)
        assert "notice warning" not in page.text
        take()
    assert "Steps to the first call" not in onboarding.get(page_of(newcomer)).text


@pytest.mark.parametrize(
    ("kind", "facts", "waiting", "ahead"),
    [
        (ACCESS, {"allowlist": True, "enable": []}, ["Allowlist the organization"], ["Enable its routes"]),
        (ACCESS, {"allowlist": False, "enable": ["encounters.list"]}, ["Enable its routes"], ALLOWLIST),
        (ACCESS, {"allowlist": True, "enable": ["encounters.list"]}, [*ALLOWLIST, "Enable its routes"], ISSUE),
        (KEY, KEY_FACTS, [*ALLOWLIST, "Enable its routes", *ISSUE], []),
        (ENDPOINT, {"url": "https://partner.example/", "events": []}, [], ALLOWLIST),
    ],
)
def test_a_step_that_waits_for_approval_is_not_the_next(onboarding, newcomer, kind, facts, waiting, ahead):
    newcomer.set_contact(CHANGE, name="Dana Example", email="")
    newcomer.set_purpose(CHANGE, "Treatment")
    Approval.ask(kind, facts, CHANGE, None, organization=newcomer)
    page = onboarding.get(page_of(newcomer))
    steps = page.context["checklist"].steps
    assert [step.title for step in steps if step.waits] == waiting
    assert [step.title for step in steps if step.next] == ahead
    assert text_of(page).count("Waits for approval") == len(waiting)


def test_a_step_that_is_done_waits_for_nothing(onboarding, newcomer):
    newcomer.set_access(CHANGE, enable=[Route.ENCOUNTERS_LIST])
    Approval.ask(ACCESS, {"allowlist": False, "enable": ["key.read"]}, CHANGE, None, organization=newcomer)
    assert "Waits for approval" not in text_of(onboarding.get(page_of(newcomer)))


def test_what_waits_is_not_told_without_the_permission_to_see_keys(newcomer):
    Approval.ask(ACCESS, {"allowlist": True, "enable": []}, CHANGE, None, organization=newcomer)
    person = signed_in(None)
    person.get("/admin/").wsgi_request.user.user_permissions.add(Permission.objects.get(codename="view_organization"))
    assert "approval" not in text_of(person.get(page_of(newcomer)))


def test_the_button_says_if_there_is_a_contact(onboarding, newcomer):
    assert "Add contact" in text_of(onboarding.get(page_of(newcomer)))
    newcomer.set_contact(CHANGE, name="", email="dana@example.com")
    assert "Change contact" in text_of(onboarding.get(page_of(newcomer)))


def test_the_next_step_is_the_only_main_action(onboarding, newcomer):
    text = onboarding.get(page_of(newcomer)).text
    assert text.count('button primary"') == 1
    assert f'class="button primary" href="{page_of(newcomer, "contact")}"' in text


def test_of_a_partner_that_calls_the_main_action_is_to_issue_a_key(onboarding, organization):
    used(issue(organization)[0], minutes=5)
    text = onboarding.get(page_of(organization)).text
    assert text.count('button primary"') == 1
    assert f"/admin/partners/apikey/issue/?organization={organization.pk}" in text.partition('button primary"')[2]


def test_a_partner_that_lost_what_it_needs_sees_only_that(onboarding, organization):
    used(issue(organization)[0], minutes=5)
    assert "Steps" not in onboarding.get(page_of(organization)).text
    organization.set_access(CHANGE, allowlisted=False)
    page = onboarding.get(page_of(organization))
    assert "Steps until calls are served again" in page.text
    assert [step.title for step in page.context["checklist"].steps if step.next] == ["Allowlist the organization"]


def test_people_without_the_permission_see_who_has_it(support, newcomer):
    assert "Partner onboarding can do that." in support.get(page_of(newcomer)).text


# What doesn't fit together -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("allowlisted", "routes", "said"), [(False, True, False), (True, False, False), (True, True, True)]
)
def test_of_a_new_partner_nothing_contradicts_itself_until_it_should_work(support, allowlisted, routes, said):
    partner = OrganizationFactory(allowlisted=allowlisted, routes=Route.grantable() if routes else [])
    issue(partner, scopes=[Scope.ENCOUNTERS_READ])
    assert (CONTRADICTS in support.get(page_of(partner)).text) == said


def test_what_a_partner_that_called_has_lost_contradicts_what_it_still_has(support, organization):
    used(issue(organization)[0], minutes=5)
    organization.set_access(CHANGE, allowlisted=False)
    assert "not allowlisted: every call is refused." in support.get(page_of(organization)).text


def test_of_the_keys_that_do_not_fit_the_first_are_named(support, organization):
    for _ in range(60):
        issue(organization, scopes=[])
    text = support.get(page_of(organization)).text
    assert "The scopes of some keys don&#x27;t open any enabled route." in text
    assert "55 more" in text


# Its data ------------------------------------------------------------------------------------------------------------
def test_the_page_says_that_a_partner_has_no_encounters(support, organization):
    assert "No encounters to serve. Calls are answered, but every list is empty. Imports bring encounters." in text_of(
        support.get(page_of(organization))
    )


def test_the_page_says_that_all_encounters_are_withheld(support, organization):
    EncounterFactory(organization=organization, record_class="demo")
    text = text_of(support.get(page_of(organization)))
    assert "What was imported is labelled as test data, so it is withheld." in text
    assert "1 demonstration, 0 training" in text


def test_the_page_says_how_many_encounters_and_patients_a_partner_has(support, security, organization):
    newest = [EncounterFactory(organization=organization) for _ in range(3)][-1]
    EncounterFactory(organization=organization, record_class="training")
    EncounterFactory()
    for client, linked in ((support, False), (security, True)):
        page = client.get(page_of(organization))
        volume = page.context["volume"]
        assert (volume.served, volume.newest, volume.training.number, volume.patients.number) == (
            3,
            newest.created_at,
            1,
            4,
        )
        assert ("/admin/encounters/encounter/?organization=" in page.text) == linked
        assert "No encounters to serve" not in page.text


# The main facts ------------------------------------------------------------------------------------------------------
def test_the_page_says_which_key_was_used_last_and_which_expires_next(support, organization):
    used(issue(organization, label="Older")[0], days=9)
    used(issue(organization, label="Newer")[0], days=3)
    for days in (30, 9):
        issue(organization, expires_at=timezone.now() + timedelta(days=days, hours=1))
    text = text_of(support.get(page_of(organization)))
    assert "4, the next expires in 9 days" in text
    assert "3 days ago with" in text
    assert "Newer" in text
    assert "Older" not in text


# Every part ----------------------------------------------------------------------------------------------------------
def test_markup_is_shown_as_text_everywhere(onboarding, organization):
    markup = "<script>alert(1)</script>"
    partner = Organization.create(markup, CHANGE, contact_name=markup, contact_email='"<b>"@partner.example')
    partner.set_access(CHANGE, allowlisted=True, enable=Route.grantable())
    issue(partner, label=markup)
    pages = [*(page_of(partner, part) for part in PARTS), page_of(partner, "contact"), ORGANIZATIONS]
    texts = [onboarding.get(page).text for page in pages]
    texts += [
        onboarding.post(page_of(partner, "access"), {"shown": ["allowlist", "encounters.list"], "reason": markup}).text
    ]
    texts += [onboarding.post(ADD, {"name": markup, "reason": markup}).text]
    assert [text for text in texts if "<script>alert" in text or "<b>" in text] == []
    assert all("&lt;script&gt;" in text for text in texts)
