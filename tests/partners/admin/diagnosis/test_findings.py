"""What is told of each blocker: the detail that no code has, who can fix it, and the link to where."""

import re

import pytest
from django.contrib.auth.models import User

from partners.catalogue.remedy import FixPlace
from partners.catalogue.routes import Scope
from partners.models import ApiKeySwitch
from partners.templatetags.fixing import url_of
from tests.api import LIST
from tests.factories import CHANGE, issue
from tests.partners.support.diagnosing import ask, text_of

pytestmark = pytest.mark.django_db


def places_in(page) -> list[str]:
    """Return the link of each blocker to the page where it is fixed, "" where it has none."""
    lines = re.findall(r'<p class="soft">[^<]* ·(.*?)</p>', page.text, re.DOTALL)
    return [link[1] if (link := re.search(r'href="([^"]+)"', line)) else "" for line in lines]


@pytest.mark.parametrize(
    ("request_line", "told"),
    [
        (f"GET {LIST}?cursor=1", "(at fault: cursor)"),
        (f"GET {LIST}?=1", "(at fault: a parameter without a name)"),
        (f"GET {LIST}?start_at=x&end_at=y", "(at fault: start_at, end_at)"),
        (f"GET {LIST}?limit=0", "because the parameter limit is not valid; the partner's engineer"),
    ],
)
def test_the_sentence_names_the_parameter(support, organization, request_line, told):
    assert told in text_of(ask(support, issue(organization)[1], request_line))


def test_the_sentence_names_the_missing_scopes(support, organization):
    page = ask(support, issue(organization, scopes=[Scope.PATIENTS_READ])[0].public_part)
    assert "(it lacks encounters:read, documents:read); Partner onboarding can fix this." in text_of(page)


def test_each_blocker_is_linked_with_where_it_is_fixed(support, organization):
    key, _ = issue(organization)
    key.disable(CHANGE)
    organization.set_access(CHANGE, allowlisted=False)
    ApiKeySwitch.turn(False, CHANGE)
    urls = places_in(ask(support, key.public_id))
    assert urls == [
        "/admin/switch/",
        f"/admin/partners/apikey/{key.pk}/change/",
        f"/admin/partners/organization/{organization.pk}/change/",
    ]
    assert all(support.get(url).status_code == 200 for url in urls)


def test_without_an_organization_there_is_no_link(support):
    key, _ = issue(None)
    key.revoke(CHANGE)
    assert places_in(ask(support, key.public_id)) == ["", f"/admin/partners/apikey/{key.pk}/change/"]


def test_a_page_that_a_person_may_not_open_is_not_linked():
    assert url_of(FixPlace.SWITCH, User.objects.create_user("nobody")) == ""


def test_a_page_that_is_not_there_is_not_linked(monkeypatch):
    monkeypatch.setattr(FixPlace.SWITCH, "view", "admin:nowhere")
    assert url_of(FixPlace.SWITCH, User(is_superuser=True, is_active=True)) == ""
