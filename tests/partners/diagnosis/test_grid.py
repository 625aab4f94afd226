"""Effective access: every cell is what the live API answers, and nothing useless goes unsaid."""

import random
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from partners.catalogue.reasons import Reason
from partners.catalogue.routes import Route, Scope
from partners.diagnosis import contradictions
from partners.diagnosis.grid import Access, Grid
from partners.models import ApiKeySwitch
from tests.api import Api
from tests.factories import CHANGE, DocumentFactory, OrganizationFactory, issue

pytestmark = pytest.mark.django_db
ROUTES = frozenset(Route.grantable())
READING = (Scope.ENCOUNTERS_READ, Scope.PATIENTS_READ, Scope.DOCUMENTS_READ)


def scattered(random_, settings):
    """Return an organization set up at random, and the token of each of its keys that is active or not."""
    settings.ACCEPT_TEST_KEYS, both = True, settings.DIGEST_KEYS
    routes = [route for route in Route.grantable() if random_.random() < 0.7]
    organization = OrganizationFactory(allowlisted=random_.random() < 0.8, routes=routes)
    tokens = {}
    for _ in range(6):
        settings.DIGEST_KEYS = random_.choice([both, both.split(",")[0]])
        scopes = [scope for scope in Scope if random_.random() < 0.8]
        key, text = issue(organization, scopes=scopes, is_test=random_.random() < 0.3)
        tokens[key.pk] = text
        if random_.random() < 0.2:
            random_.choice([key.disable, key.revoke])(CHANGE)
    settings.DIGEST_KEYS = random_.choice([both, both, both.split(",")[0], ""])
    settings.ACCEPT_TEST_KEYS = random_.random() < 0.6
    if random_.random() < 0.15:
        ApiKeySwitch.turn(False, CHANGE)
    return organization, tokens


def answered(token: str, route: Route, document) -> str | None:
    ids = {"encounter_id": document.encounter, "document_id": document}
    path = re.sub(r"<str:([a-z_]+)>", lambda found: str(ids[found[1]]), route.path)
    response = Api(token).get(f"/external/v1/{path}")
    return None if response.status_code == 200 else response.json()["reason_code"]


@pytest.mark.parametrize("seed", range(30))
def test_every_cell_is_what_the_api_answers(seed, settings):
    organization, tokens = scattered(random.Random(seed), settings)
    document = DocumentFactory(encounter__organization=organization, turns=[], audio="org_x/invented.wav")
    for row in Grid.of(organization).rows:
        told = {route: refusal and refusal.code for route, refusal in row.verdicts.items()}
        for key in row.keys:
            assert told == {route: answered(tokens[key.pk], route, document) for route in Route.grantable()}


def test_the_set_ups_reach_every_verdict(settings):
    reached = set()
    for seed in range(30):
        organization, _ = scattered(random.Random(seed), settings)
        reached |= {refusal for row in Grid.of(organization).rows for refusal in row.verdicts.values()}
        ApiKeySwitch.objects.update(enabled=True)
        settings.DIGEST_KEYS = (
            "1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=,2:ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
        )
    assert reached == {
        None,
        Reason.API_KEYS_DISABLED,
        Reason.TEST_PREFIX_NOT_ALLOWED,
        Reason.DIGEST_KEY_UNAVAILABLE,
        Reason.ORGANIZATION_NOT_ALLOWLISTED,
        Reason.ROUTE_NOT_ALLOWED,
        Reason.MISSING_SCOPE,
    }


def test_only_active_keys_are_judged(organization):
    active, disabled, revoked = (issue(organization)[0] for _ in range(3))
    disabled.disable(CHANGE)
    revoked.revoke(CHANGE)
    issue(OrganizationFactory())
    assert Grid.of(organization).keys == [active]


def test_keys_whose_calls_have_the_same_facts_share_a_row(organization, settings):
    settings.ACCEPT_TEST_KEYS = True
    first, test = issue(organization)[0], issue(organization, is_test=True)[0]
    few, last = issue(organization, scopes=[Scope.ENCOUNTERS_READ])[0], issue(organization)[0]
    settings.DIGEST_KEYS = settings.DIGEST_KEYS.split(",")[0]
    older = issue(organization)[0]
    assert [row.keys for row in Grid.of(organization).rows] == [[older], [last, first], [few], [test]]


@pytest.mark.parametrize("number", [1, 50])
def test_the_grid_takes_four_statements(organization, number):
    for _ in range(number):
        issue(organization)
    with CaptureQueriesContext(connection) as captured:
        grid = Grid.of(organization)
        contradictions.find_contradictions(grid)
        assert [[*row.verdicts.values()] for row in grid.rows] == [[None] * len(Route.grantable())]
        assert len(grid.keys) == number
    assert len(captured) == 4


@pytest.mark.parametrize(
    ("access", "lost"),
    [
        (Access(True, ROUTES), []),
        (Access(False, ROUTES), [*Route.grantable()]),
        (Access(True, ROUTES - {Route.ENCOUNTERS_LIST}), [Route.ENCOUNTERS_LIST]),
        (Access(True, frozenset()), [*Route.grantable()]),
    ],
)
def test_it_tells_which_keys_lose_what(organization, access, lost):
    key = issue(organization)[0]
    issue(organization, scopes=[])
    assert Grid.of(organization).losses(access) == ([(key, lost)] if lost else [])


def test_what_stands_in_the_way_of_everybody_hides_no_loss(organization, settings):
    key = issue(organization)[0]
    ApiKeySwitch.turn(False, CHANGE)
    settings.DIGEST_KEYS = ""
    assert Grid.of(organization).losses(Access(False, ROUTES)) == [(key, [*Route.grantable()])]


def said(organization) -> list[tuple[str, list]]:
    return [(each.says, each.keys) for each in contradictions.find_contradictions(Grid.of(organization))]


def test_sound_access_has_no_contradiction(organization):
    issue(organization, expires_at=timezone.now() + timedelta(days=1))
    assert said(organization) == []


def test_an_allowlisted_organization_without_a_route_is_told():
    partner = OrganizationFactory(routes=[])
    assert said(partner) == [("The organization is allowlisted, but no route is enabled for it.", [])]


def test_routes_without_the_allowlist_are_told_once():
    partner = OrganizationFactory(allowlisted=False)
    issue(partner, scopes=READING)
    says = "Routes are enabled, but the organization is not allowlisted: every call is refused."
    assert said(partner) == [(says, [])]


def test_nothing_given_and_nothing_held_contradicts_nothing():
    partner = OrganizationFactory(allowlisted=False, routes=[])
    issue(partner, scopes=READING)
    assert said(partner) == []


def test_a_route_that_no_key_can_call_is_told():
    partner = OrganizationFactory(routes=[Route.ENCOUNTERS_LIST])
    (found,) = contradictions.find_contradictions(Grid.of(partner))
    assert found.says == "encounters.list is enabled, but no key can call it."
    assert found.todo == "Issue a key with encounters:read patients:read documents:read, or disable the route."


def test_it_says_that_more_than_a_scope_stands_in_the_way(organization, settings):
    issue(organization)
    settings.DIGEST_KEYS = ""
    found = contradictions.find_contradictions(Grid.of(organization))
    assert [each.todo for each in found] == ["The table shows what blocks each key."] * len(Route.grantable())


def test_a_key_whose_scopes_open_nothing_is_told(organization):
    issue(organization)
    useless = issue(organization, scopes=[Scope.ENCOUNTERS_READ])[0]
    assert said(organization) == [("The scopes of some keys don't open any enabled route.", [useless])]


def test_a_scope_that_no_route_uses_is_told_with_its_holders(organization):
    organization.set_access(CHANGE, disable=[Route.DOCUMENTS_AUDIO])
    holder = issue(organization)[0]
    issue(organization, scopes=READING)
    assert said(organization) == [("No enabled route uses the scope recordings:read.", [holder])]


def test_before_a_route_is_enabled_scopes_are_measured_by_the_catalogue():
    partner = OrganizationFactory(allowlisted=False, routes=[])
    key = issue(partner, scopes=[Scope.RECORDINGS_READ])[0]
    assert said(partner) == [("The scopes of some keys don't open any route.", [key])]
