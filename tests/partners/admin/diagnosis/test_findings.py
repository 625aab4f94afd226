"""What is told of each blocker: the detail that no code has, who can fix it, and the link to where."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import User

from partners.catalogue.remedy import FixPlace
from partners.catalogue.routes import Route, Scope
from partners.models import ApiKeySwitch
from partners.templatetags.fixing import link_to
from tests.api import LIST
from tests.factories import CHANGE, RequestRecordFactory, issue
from tests.partners.support.diagnosing import ask, text_of
from tests.partners.support.rows import expire

pytestmark = pytest.mark.django_db


def places_in(page) -> list[str]:
    """Return the link of each blocker to the page where it is fixed, "" where it has none."""
    lines = re.findall(r'<p class="soft">[^<]*&ensp;(.*?)</p>', page.text, re.DOTALL)
    return [unescape(link[1]) if (link := re.search(r'href="([^"]+)"', line)) else "" for line in lines]


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


def test_people_who_may_fix_it_are_led_to_the_form_with_the_right_values(security, organization):
    key, _ = issue(organization, scopes=[Scope.PATIENTS_READ])
    key.disable(CHANGE)
    organization.set_access(CHANGE, allowlisted=False, disable=[Route.ENCOUNTERS_LIST])
    enable, allowlist, route, scopes = places_in(ask(security, key.public_id))
    assert enable == f"/admin/partners/apikey/{key.pk}/enable/"
    access = f"/admin/partners/organization/{organization.pk}/access/"
    assert (allowlist, route) == (f"{access}?allowlist=1", f"{access}?route=encounters.list")
    assert security.get(enable).status_code == 200
    boxes = security.get(allowlist).context["form"].initial
    assert (boxes["allowlisted"], "encounters.list" in boxes["routes"]) == (True, False)
    boxes = security.get(route).context["form"].initial
    assert (boxes["allowlisted"], "encounters.list" in boxes["routes"]) == (False, True)
    wanted = {"encounters:read", "patients:read", "documents:read"}
    assert {*security.get(scopes).context["form"].initial["scopes"]} == wanted
    assert not organization.enabled_routes().count("encounters.list")


@pytest.mark.parametrize("end", [expire, lambda key: key.revoke(CHANGE)], ids=["expired", "revoked"])
def test_a_key_that_is_over_leads_to_its_replacement(security, support, organization, end):
    key, _ = issue(organization, label="Pilot")
    end(key)
    (replacement,) = places_in(ask(security, key.public_id))
    assert replacement == f"/admin/partners/apikey/issue/?replacement_for={key.pk}"
    assert security.get(replacement).context["form"].initial["label"] == "Pilot"
    assert places_in(ask(support, key.public_id)) == [f"/admin/partners/apikey/{key.pk}/change/"]


def test_a_rotated_key_that_is_over_leads_to_its_successor(security, organization):
    key, _ = issue(organization)
    successor, _ = key.rotate(CHANGE)
    expire(key)
    page = ask(security, key.public_id)
    assert places_in(page) == [f"/admin/partners/apikey/{successor.pk}/change/"]
    assert "The key's successor" in unescape(page.text)


def test_a_key_that_is_unknown_has_no_replacement():
    assert link_to(FixPlace.REPLACEMENT, User.objects.create_superuser("root")).url == ""


def test_a_suggestion_that_is_no_route_or_scope_is_ignored(security, organization):
    key, _ = issue(organization)
    assert security.get(f"/admin/partners/organization/{organization.pk}/access/?route=x&route=%00").status_code == 400
    assert security.get(f"/admin/partners/organization/{organization.pk}/access/?route=x").status_code == 200
    assert security.get(f"/admin/partners/apikey/{key.pk}/scopes/?scope=x").status_code == 200


def test_a_recorded_refusal_leads_to_the_form_too(security, organization):
    key, _ = issue(organization)
    record = RequestRecordFactory(api_key=key, status=403, reason_code="route_not_allowed", route="encounters.detail")
    assert (
        "/access/?route=encounters.detail" in security.get(f"/admin/partners/requestrecord/{record.request_id}/").text
    )


def test_without_an_organization_there_is_no_link():
    assert link_to(FixPlace.ORGANIZATION, User.objects.create_superuser("root"), issue(None)[0]).url == ""


def test_a_page_that_a_person_may_not_open_is_not_linked():
    assert link_to(FixPlace.SWITCH, User.objects.create_user("nobody")).url == ""


def test_a_page_that_is_not_there_is_not_linked(monkeypatch):
    monkeypatch.setattr(FixPlace.SWITCH, "view", "admin:nowhere")
    assert link_to(FixPlace.SWITCH, User(is_superuser=True, is_active=True)).url == ""
