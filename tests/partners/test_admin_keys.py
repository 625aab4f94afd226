"""The list of API keys, the search that takes a pasted token, and one key's page."""

import logging
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from partners import tokens
from partners.models import ApiKey, ApiKeySwitch, KeyState
from partners.routes import Route
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.calls import used

pytestmark = pytest.mark.django_db
LIST, FIND = "/admin/partners/apikey/", "/admin/partners/apikey/find/"


def page_of(key) -> str:
    return f"{LIST}{key.pk}/change/"


def expired(key):
    ApiKey.objects.filter(pk=key.pk).update(created_at=timezone.now() - timedelta(days=2), expires_at=timezone.now())


@pytest.fixture
def keys(organization):
    """A key in every state, by the name of the state."""
    made = {
        name: issue(organization, label=f"The {name} one")[0] for name in ("active", "disabled", "revoked", "expired")
    }
    made["disabled"].disable(CHANGE)
    made["revoked"].revoke(CHANGE)
    expired(made["expired"])
    used(made["active"], hours=23)
    used(made["disabled"], days=89)
    used(made["revoked"], days=91)
    made["expiring"] = issue(organization, label="The expiring one", expires_at=timezone.now() + timedelta(days=3))[0]
    return made


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"active", "disabled", "revoked", "expired", "expiring"}),
        ("state=active", {"active", "expiring"}),
        ("state=expiring", {"expiring"}),
        ("state=disabled", {"disabled"}),
        ("state=revoked", {"revoked"}),
        ("state=expired", {"expired"}),
        ("q=The+act", {"active"}),
        ("organization=Invented", {"active", "disabled", "revoked", "expired", "expiring"}),
        ("organization=Elsewhere", set()),
        ("scope=patients:read&state=disabled", {"disabled"}),
        ("digest_key=2&state=revoked", {"revoked"}),
        ("digest_key=1", set()),
        ("digest_key=missing", set()),
        ("used=lately", {"active"}),
        ("used=idle", {"revoked"}),
        ("used=never", {"expired", "expiring"}),
        ("used=nonsense", {"active", "disabled", "revoked", "expired", "expiring"}),
    ],
)
def test_the_list_filters(support, keys, query, shown):
    text = support.get(f"{LIST}?{query}").text
    assert {name for name in keys if f"The {name} one" in text} == shown


def test_a_key_under_a_digest_key_that_is_gone_is_found(support, keys, settings):
    settings.DIGEST_KEYS = settings.DIGEST_KEYS.split(",")[0]
    assert "The active one" in support.get(f"{LIST}?digest_key=missing").text
    assert "calls answer 503" in support.get(page_of(keys["active"])).text


def test_a_state_is_the_same_for_one_key_and_for_many(keys):
    for state in KeyState:
        assert {key.pk for key in ApiKey.objects.in_state(state)} == {
            key.pk for key in ApiKey.objects.all() if key.state is state
        }


def test_a_pasted_token_leads_to_its_key_and_into_no_url(support, organization):
    key, token = issue(organization)
    answer = support.post(FIND, {"q": f" {token}\n"})
    assert answer.url == page_of(key)


@pytest.mark.parametrize(
    "damage", [lambda token: token[:-1] + "_", lambda token: token[6:], lambda token: tokens.mint(is_test=False).text]
)
def test_a_token_that_is_no_key_is_not_repeated(support, organization, damage, caplog):
    pasted = damage(issue(organization)[1])
    with caplog.at_level(logging.DEBUG):
        answer = support.post(FIND, {"q": pasted}, follow=True)
    assert answer.redirect_chain == [(LIST, 302)]
    assert "No key has this token" in answer.text
    assert pasted not in answer.text + caplog.text + str(dict(support.session.items()))


def test_a_wrong_secret_or_an_unloaded_digest_key_finds_nothing(support, organization, settings):
    _, token = issue(organization)
    body = token[:-7] + ("0" if token[-7] != "0" else "1")
    assert support.post(FIND, {"q": body + tokens.checksum(body)}).url == LIST
    settings.DIGEST_KEYS = ""
    assert support.post(FIND, {"q": token}).url == LIST


@pytest.mark.parametrize("quote", ["ch_sk_{}…", "ch_sk_{}", "{}", " {}... "])
def test_what_people_quote_of_a_key_finds_it(support, organization, quote):
    key, other = issue(organization)[0], issue(organization, label="Another")[0]
    answer = support.post(FIND, {"q": quote.format(key.public_part)}, follow=True)
    assert key.public_part in answer.text
    assert other.public_part not in answer.text


def test_find_is_for_post_alone(support):
    assert support.get(FIND).status_code == 405


def test_statements_do_not_grow_with_the_list(support, organization):
    def statements():
        with CaptureQueriesContext(connection) as captured:
            assert support.get(LIST).status_code == 200
        return len(captured)

    issue(organization)
    one = statements()
    for _ in range(20):
        issue(OrganizationFactory())
    assert statements() == one


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("active", "what it may call now stands below"),
        ("expiring", "Rotate it in time"),
        ("disabled", "until Security enables it again"),
        ("revoked", "for good.</strong> Every call is refused"),
        ("expired", "this one cannot be prolonged"),
    ],
)
def test_a_key_says_what_its_state_means(support, keys, name, said):
    assert said in support.get(page_of(keys[name])).text


def test_a_rotation_is_shown_from_both_ends(support, organization):
    old, _ = issue(organization)
    new, _ = old.rotate(CHANGE)
    assert "See that the partner has changed over" in support.get(page_of(old)).text
    assert "Replaces" in support.get(page_of(new)).text
    expired(old)
    assert "Ended by its rotation" in support.get(page_of(old)).text


def test_whether_a_call_would_pass_is_told_by_the_policy(support, organization):
    key, _ = issue(organization)
    assert support.get(page_of(key)).text.count("Passes") == len(Route)
    ApiKeySwitch.turn(False, CHANGE)
    answer = support.get(page_of(key)).text
    assert answer.count("api_keys_disabled") >= 2
    assert "API-key authentication is off." in answer


def test_a_key_of_no_organization(support):
    assert "org_scope_only_required" in support.get(page_of(issue(None)[0])).text


def test_a_key_by_its_public_id_and_what_is_no_key(support, organization):
    key, _ = issue(organization)
    assert support.get(f"{LIST}{key.public_id}/change/").status_code == 200
    assert support.get(f"{LIST}nothing/change/").status_code == 404


def test_markup_in_a_label_is_shown_and_not_run(support, organization):
    key, _ = issue(organization, label="<script>alert(1)</script>")
    for page in (LIST, page_of(key)):
        assert "<script>alert" not in support.get(page).text


def test_who_may_not_see_keys_sees_none(organization):
    client, key = Client(), issue(organization)[0]
    client.force_login(User.objects.create_user("nobody", is_staff=True))
    assert {client.get(page).status_code for page in (LIST, page_of(key))} == {403}
    assert client.post(FIND, {"q": "x"}).status_code == 403


def test_a_long_list_has_pages_that_keep_the_filter(support, organization):
    for number in range(51):
        issue(organization, label=f"Number {number}")
    first = support.get(f"{LIST}?state=active").text
    assert "Page 1 of 2" in first
    assert re.search(r'rel="next" href="\?(p=2&amp;state=active|state=active&amp;p=2)"', first)
    second = support.get(f"{LIST}?state=active&p=2").text
    assert ("Number 0<" in second, "Previous" in second) == (True, True)
