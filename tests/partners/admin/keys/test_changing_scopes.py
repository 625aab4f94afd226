"""The page of the scopes of a key: what an added one opens is shown before it holds."""

import pytest
from django.test import Client

from partners.catalogue.routes import Route, Scope
from partners.models import ApiKey
from tests.factories import CHANGE, issue
from tests.partners.support.diagnosing import text_of
from tests.partners.support.key_pages import page_of
from tests.partners.support.rows import held
from tests.partners.support.staff import make_stale

pytestmark = pytest.mark.django_db


@pytest.fixture
def key(organization) -> ApiKey:
    return issue(organization, scopes=[Scope.ENCOUNTERS_READ, Scope.PATIENTS_READ])[0]


def choose(client: Client, key: ApiKey, *scopes: str, **values):
    return client.post(page_of(key, "scopes"), {"scopes": scopes, "reason": "the partner asks"} | values)


def test_the_scopes_held_are_ticked_and_each_says_what_needs_it(security, key):
    page = security.get(page_of(key, "scopes"))
    text = text_of(page)
    assert page.text.count(" checked") == 2
    assert "Patients: names and dates of birth. Needed by encounters.list" in text
    assert "Recordings: the audio of ambient encounters. Needed by documents.audio" in text


def test_an_added_scope_is_reviewed_before_it_is_saved(security, key):
    answer = choose(security, key, "encounters:read", "patients:read", "documents:read", ticket="OPS-7")
    assert "This opens encounters.list, encounters.detail" in text_of(answer)
    assert "Documents: titles, status and content" in answer.text
    assert 'name="ticket" value="OPS-7"' in answer.text
    assert held(key) == {"encounters:read", "patients:read"}
    choose(security, key, "encounters:read", "patients:read", "documents:read", shown=["documents:read"])
    assert held(key) == {"encounters:read", "patients:read", "documents:read"}


def test_a_scope_that_was_not_reviewed_is_not_added(security, key):
    key.organization.set_access(CHANGE, disable=[Route.DOCUMENTS_AUDIO])
    answer = choose(security, key, "documents:read", "recordings:read", shown=["documents:read"])
    assert "recordings:read opens nothing" in text_of(answer)
    assert held(key) == {"encounters:read", "patients:read"}


@pytest.mark.parametrize("given", [{"scopes": [Scope.ENCOUNTERS_READ]}, {"reason": "no scopes"}, {}])
def test_scopes_are_neither_added_nor_taken_away_without_a_fresh_password(security, key, given):
    make_stale(security)
    assert "Confirm your password" in security.post(page_of(key, "scopes"), given).text
    assert held(key) == {"encounters:read", "patients:read"}


def test_an_empty_form_takes_no_scope_away(security, key):
    assert "This field is required." in security.post(page_of(key, "scopes")).text
    assert held(key) == {"encounters:read", "patients:read"}


def test_a_scope_that_opens_no_route_says_so(security, key):
    key.organization.set_access(CHANGE, disable=Route.grantable())
    answer = choose(security, key, *Scope)
    assert "This doesn't open any other route at the moment." in answer.text
    assert "route_not_allowed" in answer.text


def test_one_may_go_back_and_choose_otherwise(security, key):
    answer = choose(security, key, *Scope, step="change", ticket="OPS-7")
    assert answer.text.count(" checked") == len(Scope)
    assert 'value="OPS-7"' in answer.text
    assert held(key) == {"encounters:read", "patients:read"}


def test_all_scopes_may_be_taken_away(security, key):
    choose(security, key)
    assert held(key) == set()


def test_an_unknown_scope_is_refused(security, key):
    assert "Select a valid choice." in choose(security, key, "everything").text
    assert held(key) == {"encounters:read", "patients:read"}
