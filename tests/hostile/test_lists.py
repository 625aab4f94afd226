"""The pages that take a list's filters by POST: no filter makes them fail, and none that is not offered selects."""

import pytest

from partners.models import ChangeEvent
from partners.models.change import Action
from tests.factories import OrganizationFactory, issue
from tests.hostile.inputs import BAD

pytestmark = pytest.mark.django_db
KEYS, ORGANIZATIONS = "/admin/partners/apikey/", "/admin/partners/organization/"
OFFERED = {
    KEYS: ("q", "o", "p", "all", "organization", "state", "expires", "used", "scope", "route", "allowlisted",
           "digest_key"),
    ORGANIZATIONS: ("q", "o", "page", "show", "route", "used"),
}  # fmt: skip
PAGES = [
    (f"{KEYS}export/", KEYS, {}),
    (f"{KEYS}bulk/", KEYS, {"which": "all", "verb": "expire"}),
    (f"{ORGANIZATIONS}export/", ORGANIZATIONS, {}),
]


@pytest.fixture
def rows(db):
    issue(OrganizationFactory())


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize(("page", "offered", "form"), PAGES, ids=[page for page, *_ in PAGES])
def test_no_filter_makes_a_page_fail(admin_client, rows, page, offered, form, name):
    admin_client.raise_request_exception = False
    answers = {each: admin_client.post(f"{page}?{each}={BAD[name]}", form) for each in OFFERED[offered]}
    assert {each: answer.status_code for each, answer in answers.items() if answer.status_code >= 500} == {}
    for answer in answers.values():
        assert not answer.streaming or answer.getvalue()


@pytest.mark.parametrize("query", ["digest__regex=^.", "pk__gt=0", "_facets=1", "e=1", "nothing__at__all=1"])
@pytest.mark.parametrize(("page", "form"), [(page, form) for page, offered, form in PAGES if offered == KEYS])
def test_what_is_not_offered_selects_no_key(admin_client, rows, page, form, query):
    assert admin_client.post(f"{page}?{query}", form).status_code == 400
    assert not ChangeEvent.objects.filter(action=Action.EXPORTED).exists()
