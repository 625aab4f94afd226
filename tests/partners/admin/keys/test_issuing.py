"""The page that issues a key: what it asks, what it makes, what it refuses and what it foretells."""

import logging
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from partners.admin.keys import issuing
from partners.catalogue.routes import Route, Scope
from partners.keys import tokens
from partners.models import ApiKey, FormUse, Organization
from tests.api import Api
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.support.key_pages import ISSUE, MARKUP, READS, TOKEN, issue_form, rotate_page
from tests.partners.support.rows import opens

OPEN = '<details class="more" open><summary>Owner, note and tags'
SOON = timezone.now() + timedelta(days=9)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_lifetimes")]


@pytest.fixture
def asked(onboarding, organization) -> dict:
    return issue_form(onboarding, organization)


def test_a_partners_first_call_follows_from_the_two_pages(onboarding, asked):
    page = onboarding.post(ISSUE, asked | {"step": "check"})
    assert not ApiKey.objects.exists()
    sent = dict(re.findall(r'<input type="hidden" name="([a-z]+)" value="([^"]*)"', page.text)) | {"scopes": READS}
    answer = onboarding.post(ISSUE, sent | {"step": "issue"})
    assert Api(TOKEN.search(answer.text)[0]).get("/external/v1/encounters").status_code == 200


def test_a_key_is_issued_as_asked(onboarding, asked, organization):
    answer = onboarding.post(ISSUE, asked | {"reason": "Go-live", "ticket": "OPS-7"})
    key = ApiKey.objects.get()
    assert opens(key, TOKEN.search(answer.text)[0])
    assert (key.organization, key.label, key.is_test) == (organization, "EHR sync", False)
    assert set(key.scopes.values_list("name", flat=True)) == set(READS)
    event = key.events.get()
    assert (event.by, event.source, event.reason, event.ticket) == (
        "Partner onboarding-person", "127.0.0.1", "Go-live", "OPS-7",
    )  # fmt: skip


def test_a_key_is_described_as_asked_and_the_review_shows_it(onboarding, asked):
    described = {"owner": "Dana Example", "note": "Ask first.", "tags": "Pilot billing"}
    review = onboarding.post(ISSUE, asked | described | {"step": "check"})
    for shown in ("<dd>Dana Example</dd>", "<dd>billing, pilot</dd>", "<dd>Ask first.</dd>"):
        assert shown in review.text
    sent = dict(re.findall(r'<input type="hidden" name="([a-z]+)" value="([^"]*)"', review.text)) | {"scopes": READS}
    onboarding.post(ISSUE, sent | {"step": "issue"})
    assert ApiKey.objects.get().description == described | {"tags": ["billing", "pilot"]}


@pytest.mark.parametrize("days", [30, 90, 180, 365])
def test_a_preset_counts_from_the_issue(onboarding, asked, days):
    onboarding.post(ISSUE, asked | {"lifetime": str(days)})
    key = ApiKey.objects.get()
    assert abs(key.expires_at - key.created_at - timedelta(days=days)) < timedelta(seconds=10)


def test_a_key_can_expire_on_a_date(onboarding, asked):
    day = (timezone.now() + timedelta(days=40)).date()
    onboarding.post(ISSUE, asked | {"lifetime": "date", "until": day.isoformat()})
    assert ApiKey.objects.get().expires_at.isoformat() == f"{day + timedelta(days=1)}T00:00:00+00:00"


def test_a_key_never_expires_only_if_that_is_allowed(onboarding, asked, settings):
    assert 'value="never"' not in onboarding.get(ISSUE).text
    settings.KEY_LIFETIME_DAYS = settings.KEY_LONGEST_LIFETIME_DAYS = 0
    assert re.search(r'value="never"[^>]* checked', onboarding.get(ISSUE).text)
    onboarding.post(ISSUE, asked | {"lifetime": "never"})
    assert ApiKey.objects.get().expires_at is None


def test_only_the_lifetimes_that_are_allowed_are_offered(onboarding, settings):
    settings.KEY_LIFETIME_DAYS, settings.KEY_LONGEST_LIFETIME_DAYS = 45, 100
    assert re.findall(r'name="lifetime" value="(\w+)"', onboarding.get(ISSUE).text) == ["30", "45", "90", "date"]


def test_a_test_key_is_offered_where_it_is_accepted(onboarding, asked, settings):
    assert 'name="kind"' not in onboarding.get(ISSUE).text
    settings.ACCEPT_TEST_KEYS = True
    assert 'name="kind"' in onboarding.get(ISSUE).text
    assert "ch_sk_test_" in onboarding.post(ISSUE, asked | {"kind": "test"}).text
    assert ApiKey.objects.get().is_test


def test_a_test_key_is_not_made_where_it_is_not_accepted(onboarding, asked):
    onboarding.post(ISSUE, asked | {"kind": "test"})
    assert not ApiKey.objects.get().is_test


def test_a_link_may_fill_in_all_that_a_replacement_takes_from_a_key(onboarding, organization, settings):
    settings.ACCEPT_TEST_KEYS = True
    described = {"owner": "Dana Example", "note": "Ask first.", "tags": ["pilot"]}
    key, _ = issue(
        organization, label="Pilot", scopes=[Scope.ENCOUNTERS_READ], is_test=True, expires_at=SOON, **described
    )
    page = onboarding.get(f"{ISSUE}?replacement_for={key.pk}")
    form = page.context["form"]
    filled = {name: form[name].value() for name in ("organization", "label", "kind", "scopes", *described)}
    assert filled == {
        "organization": organization.name, "label": "Pilot", "kind": "test", "scopes": ["encounters:read"],
    } | described | {"tags": "pilot"}  # fmt: skip
    assert OPEN in page.text


def test_owner_note_and_tags_are_folded_until_one_is_given_or_refused(onboarding, organization):
    assert OPEN not in onboarding.get(ISSUE).text
    assert OPEN in onboarding.post(ISSUE, {"tags": "<"}).text


@pytest.mark.parametrize("given", ["", "0", "²", "abc", "9" * 30])
def test_a_link_to_replace_no_key_fills_in_nothing(onboarding, organization, given):
    form = onboarding.get(f"{ISSUE}?replacement_for={given}&organization={organization.pk}").context["form"]
    assert (form["organization"].value(), form["label"].value()) == (organization.name, None)


def test_a_key_of_no_organization_leaves_the_organization_open(onboarding):
    key, _ = issue(None, label="Pilot", expires_at=SOON)
    form = onboarding.get(f"{ISSUE}?replacement_for={key.pk}").context["form"]
    assert (form["organization"].value(), form["label"].value()) == (None, "Pilot")


@pytest.mark.parametrize("query", ["organization={pk}", "organization=0", "organization=²", "organization=", ""])
def test_a_link_may_preselect_the_organization(onboarding, organization, query):
    page = onboarding.get(f"{ISSUE}?{query.format(pk=organization.pk)}")
    preselected = f'name="organization" value="{organization.name}"' in page.text
    assert preselected == ("{pk}" in query)


def test_an_organization_may_be_given_by_its_id(onboarding, asked, organization):
    onboarding.post(ISSUE, asked | {"organization": organization.public_id})
    assert ApiKey.objects.get().organization == organization


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"organization": "Nobody"}, "Check the spelling, or create the organization first."),
        ({"organization": "invented pra"}, "Did you mean “Invented Practice"),
        ({"organization": ""}, "This field is required."),
        ({"label": ""}, "This field is required."),
        ({"label": "x" * 201}, "at most 200 characters"),
        ({"label": "EHR\u202esync"}, "This contains an invisible character."),
        ({"scopes": []}, "Choose at least one scope"),
        ({"scopes": ["everything"]}, "Select a valid choice."),
        ({"lifetime": "400"}, "Select a valid choice."),
        ({"lifetime": "date"}, "Enter the last day."),
        ({"lifetime": "date", "until": "soon"}, "Enter a valid date."),
        ({"lifetime": "date", "until": "2001-01-01"}, "The expiry must be in the future, at most 365 days away"),
        ({"lifetime": "date", "until": "9999-12-31"}, "Enter an expiry as"),
        ({"lifetime": "30", "until": "2026-12-31"}, "Choose “On a date” above, or leave this empty."),
        ({"reason": "bell\a"}, "Remove tabs and other control characters."),
        ({"ticket": "x" * 101}, "at most 100 characters"),
        ({"nonce": "junk"}, "This form has expired"),
    ],
)  # fmt: skip
def test_errors_are_shown_and_nothing_typed_is_lost(onboarding, asked, wrong, told):
    given = {"label": "EHR sync", "ticket": "OPS-7"} | wrong
    answer = onboarding.post(ISSUE, asked | given)
    assert told in answer.text
    for value in (given["label"], given["ticket"]):
        assert f'value="{value}"' in answer.text or not value
    assert not ApiKey.objects.exists()
    assert not FormUse.objects.exists()


def test_without_a_digest_key_nothing_is_issued(onboarding, asked, settings):
    settings.DIGEST_KEYS = ""
    assert "set CHARTERO_DIGEST_KEYS" in onboarding.post(ISSUE, asked).text
    assert not ApiKey.objects.exists()


def test_errors_of_the_model_are_shown_next_to_the_expiry(onboarding, asked, settings, monkeypatch):
    monkeypatch.setattr(issuing.IssueForm, "_clean_end", lambda self: None)
    day = (timezone.now() + timedelta(days=400)).date().isoformat()
    answer = onboarding.post(ISSUE, asked | {"lifetime": "date", "until": day})
    assert '<ul class="errorlist" id="id_until_error"><li>The expiry must be in the future' in answer.text


def test_a_token_in_a_field_is_dropped(onboarding, asked, caplog):
    token = tokens.mint(is_test=False).text
    with caplog.at_level(logging.DEBUG):
        answer = onboarding.post(ISSUE, asked | {"label": f"EHR {token}"})
    assert "This text held a token" in answer.text
    assert token not in answer.text + caplog.text
    assert not ApiKey.objects.exists()


def test_people_can_go_back_and_change_the_form(onboarding, asked):
    answer = onboarding.post(ISSUE, asked | {"step": "change"})
    assert "<h1>Issue key</h1>" in answer.text
    assert f'name="nonce" value="{asked["nonce"]}"' in answer.text
    assert "EHR sync" in answer.text
    assert not ApiKey.objects.exists()


def checked(client: Client, asked: dict, **values) -> str:
    return client.post(ISSUE, asked | {"step": "check"} | values).text


def test_the_review_shows_what_the_key_can_call(onboarding, asked):
    text = checked(onboarding, asked, scopes=[scope.value for scope in Scope])
    assert text.count('<span class="state passed">Passes</span>') == len(Route.grantable())
    assert "can't call anything" not in text
    assert "open nothing" not in " ".join(text.split())


def test_what_blocks_a_key_is_shown_with_who_can_fix_it_and_where(onboarding, asked):
    partner = OrganizationFactory(allowlisted=False, routes=[])
    text = checked(onboarding, asked, organization=partner.name, scopes=["encounters:read"])
    assert "This key can't call anything yet." in text
    for code in ("organization_not_allowlisted", "route_not_allowed", "missing_scope"):
        assert text.count(f"/admin/reasons/{code}/") == len(Route.grantable())
    assert "The key lacks <code>patients:read</code>, <code>documents:read</code>." in " ".join(text.split())
    access = f"/admin/partners/organization/{partner.pk}/access/"
    assert f'<a href="{access}?allowlist=1">Allowlist the organization</a>' in text
    assert f'<a href="{access}?route=encounters.list">Enable the route</a>' in text


def test_a_scope_without_effect_is_shown(onboarding, asked):
    Organization.objects.get().set_access(CHANGE, disable=[Route.DOCUMENTS_AUDIO])
    text = checked(onboarding, asked, scopes=[*READS, "recordings:read"])
    assert "<code>recordings:read</code> opens nothing:" in " ".join(text.split())


def test_stored_markup_shows_as_it_is_written(onboarding, asked):
    partner = OrganizationFactory(name=MARKUP)
    data = asked | {"organization": MARKUP, "label": MARKUP, "reason": MARKUP, "ticket": MARKUP}
    pages = [
        checked(onboarding, data),
        onboarding.post(ISSUE, data).text,
        onboarding.get(f"{ISSUE}?organization={partner.pk}").text,
    ]
    key = ApiKey.objects.get()
    pages += [onboarding.get(rotate_page(key)).text, onboarding.post(ISSUE, data).text]
    for text in pages:
        assert MARKUP not in text
        assert "&lt;script&gt;" in text
