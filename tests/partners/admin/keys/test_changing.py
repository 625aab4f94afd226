"""The pages that change one key: who may, what is asked, what is recorded, what is refused."""

import html
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from partners.catalogue.routes import Scope
from partners.models import ApiKey
from partners.models.change import Action
from tests.factories import CHANGE, OrganizationFactory, issue, limit
from tests.partners.support.calls import used
from tests.partners.support.diagnosing import text_of
from tests.partners.support.key_pages import KEYS, page_of
from tests.partners.support.rows import held
from tests.partners.support.staff import make_stale, signed_in

pytestmark = pytest.mark.django_db
WHY = {"reason": "A leak is likely", "ticket": "OPS-7"}
IN_A_WEEK = f"{timezone.now() + timedelta(days=7):%Y-%m-%d}"
SENT = {
    "revoke": WHY | {"confirmed": "on"},
    "scopes": WHY | {"scopes": ["encounters:read"]},
    "expire": WHY | {"until": IN_A_WEEK},
}
SENT |= {"limit": WHY | {"calls_per_minute": "100"}}
MARKUP = "<script>alert(1)</script>"
# The page: what comes before it, the least role, what it records.
PAGES = {
    "disable": (lambda key: None, "Partner onboarding", Action.KEY_DISABLED),
    "enable": (lambda key: key.disable(CHANGE), "Security", Action.KEY_ENABLED),
    "revoke": (lambda key: None, "Security", Action.KEY_REVOKED),
    "finish": (lambda key: key.rotate(CHANGE), "Partner onboarding", Action.ROTATION_FINISHED),
    "limit": (lambda key: None, "Partner onboarding", Action.KEY_LIMIT_CHANGED),
    "scopes": (lambda key: None, "Partner onboarding", Action.SCOPES_CHANGED),
    "expire": (lambda key: None, "Security", Action.EXPIRY_CHANGED),
}
ROLES = (None, "Support", "Partner onboarding", "Security")


@pytest.fixture
def key(organization) -> ApiKey:
    return issue(organization, scopes=[Scope.ENCOUNTERS_READ, Scope.PATIENTS_READ])[0]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", ROLES)
def test_each_page_is_for_its_roles(key, page, role):
    before, least, *_ = PAGES[page]
    before(key)
    client, changes = signed_in(role), key.events.count()
    may = ROLES.index(role) >= ROLES.index(least)
    assert client.get(page_of(key, page)).status_code == (200 if may else 403)
    assert client.post(page_of(key, page), SENT.get(page, WHY)).status_code == (302 if may else 403)
    assert key.events.count() == changes + may


@pytest.mark.parametrize("page", PAGES)
def test_a_change_is_made_and_recorded_and_a_message_shown(security, key, page):
    before, *_, action = PAGES[page]
    before(key)
    answer = security.post(page_of(key, page), SENT.get(page, WHY), follow=True)
    assert answer.redirect_chain == [(page_of(key, "change"), 302)]
    event = key.events.first()
    assert (event.action, event.by, event.source) == (action, "Security-person", "127.0.0.1")
    assert (event.reason, event.ticket) == ("A leak is likely", "OPS-7")
    assert 'class="messagelist"' in answer.text


@pytest.mark.parametrize("page", PAGES)
def test_a_change_takes_a_fresh_password(security, key, page):
    PAGES[page][0](key)
    make_stale(security)
    changes = key.events.count()
    answer = security.post(page_of(key, page), SENT.get(page, WHY))
    assert "Confirm your password" in answer.text
    assert key.events.count() == changes
    security.post(page_of(key, page), SENT.get(page, WHY) | {"proof_of_password": "invented"})
    assert key.events.count() == changes + 1


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("reason", ["", " "])
def test_the_reason_is_required(security, key, page, reason):
    PAGES[page][0](key)
    changes = key.events.count()
    answer = security.post(page_of(key, page), SENT.get(page, WHY) | {"reason": reason})
    assert "This field is required." in answer.text
    assert 'value="OPS-7"' in answer.text
    assert key.events.count() == changes


@pytest.mark.parametrize("page", PAGES)
def test_errors_of_the_model_are_next_to_their_field(security, key, page):
    PAGES[page][0](key)
    changes = key.events.count()
    answer = security.post(page_of(key, page), SENT.get(page, WHY) | {"reason": "bell\a"})
    assert '<ul class="errorlist" id="id_reason_error"><li>Remove tabs and other control characters.' in answer.text
    assert 'value="OPS-7"' in answer.text
    assert key.events.count() == changes


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("disable", "The key is revoked"),
        ("enable", "The key is revoked"),
        ("revoke", "The key is revoked"),
        ("finish", "The key is revoked"),
        ("scopes", "The key is revoked"),
        ("expire", "The key is revoked"),
    ],
)
def test_a_change_that_cannot_be_is_not_offered(security, key, page, told):
    key.revoke(CHANGE)
    for answer in (security.get(page_of(key, page)), security.post(page_of(key, page), SENT.get(page, WHY))):
        assert told in answer.text
        assert 'class="primary' not in answer.text
    assert key.events.first().action == Action.KEY_REVOKED


def test_a_revocation_says_which_key_is_meant(security, key):
    answer = security.post(page_of(key, "revoke"), WHY)
    assert "Tick the box to confirm this is the right key." in answer.text
    assert f"Yes, revoke ch_sk_{key.public_part}… of {key.organization}" in text_of(answer)
    assert "Never used" in answer.text
    key.refresh_from_db()
    assert key.state == "active"


@pytest.mark.parametrize(
    ("page", "warns"),
    [("disable", True), ("revoke", True), ("finish", True), ("enable", False), ("scopes", False), ("expire", False)],
)
def test_stopping_a_key_in_use_shows_a_warning(security, key, page, warns):
    PAGES[page][0](key)
    used(key, minutes=61)
    assert "This key is in use." not in security.get(page_of(key, page)).text
    used(key, minutes=3)
    text = security.get(page_of(key, page)).text
    assert ("This key is in use." in text) is warns
    assert re.search("[34] minutes ago", text)


def test_a_key_without_an_organization_can_be_changed(security):
    key, _ = issue()
    assert f"<code>ch_sk_{key.public_part}…</code></label>" in security.get(page_of(key, "revoke")).text
    security.post(page_of(key, "scopes"), WHY | {"scopes": ["patients:read"]})
    assert held(key) == {"patients:read"}


def test_a_new_expiry_is_the_end_of_a_day_in_utc(security, key):
    security.post(page_of(key, "expire"), SENT["expire"])
    key.refresh_from_db()
    assert f"{key.expires_at - timedelta(days=1):%Y-%m-%d %H:%M}" == f"{IN_A_WEEK} 00:00"
    assert key.events.first().before["expires_at"] != key.events.first().after["expires_at"]


@pytest.mark.parametrize(
    ("until", "told"),
    [
        ("", "This field is required."),
        ("2001-01-01", "The expiry must be in the future."),
        ("2999-01-01", "A key lives at most 100 days from its issue"),
        ("9999-12-31", "Enter an expiry as"),
    ],
)
def test_an_expiry_that_is_not_allowed_is_refused(security, key, settings, until, told):
    settings.KEY_LONGEST_LIFETIME_DAYS = 100
    ApiKey.objects.filter(pk=key.pk).update(created_at=timezone.now() - timedelta(days=96))
    for day in (until, IN_A_WEEK):
        answer = security.post(page_of(key, "expire"), SENT["expire"] | {"until": day})
        assert (told if day == until else "A key lives at most") in html.unescape(answer.text)
    assert key.events.first().action == Action.KEY_ISSUED


def test_the_page_says_how_long_the_key_may_live(security, key, settings):
    settings.KEY_LONGEST_LIFETIME_DAYS = 100
    end = key.created_at + timedelta(days=100)
    assert f"this one can expire {end:%Y-%m-%d %H:%M} UTC" in text_of(security.get(page_of(key, "expire")))
    settings.KEY_LONGEST_LIFETIME_DAYS = 0
    assert "at the latest" not in security.get(page_of(key, "expire")).text


def test_the_expiry_is_changed_from_the_keys_page(security, onboarding, key):
    link = f'href="{page_of(key, "expire")}"'
    assert link in security.get(page_of(key, "change")).text
    assert link not in onboarding.get(page_of(key, "change")).text
    key.rotate(CHANGE)
    assert link not in security.get(page_of(key, "change")).text


def test_only_a_revocation_has_the_danger_colour(security, key):
    assert 'class="primary danger"' in security.get(page_of(key, "revoke")).text
    assert "danger" not in security.get(page_of(key, "disable")).text.partition("<main")[2]


def test_the_end_of_an_overlap_names_the_successor(security, key):
    successor, _ = key.rotate(CHANGE)
    assert f"ch_sk_{successor.public_part}…" in security.get(page_of(key, "finish")).text
    security.post(page_of(key, "finish"), WHY)
    key.refresh_from_db()
    assert (key.state, successor.state) == ("expired", "active")


@pytest.mark.parametrize("page", PAGES)
def test_stored_markup_shows_as_it_is_written(security, page):
    key, _ = issue(OrganizationFactory(name=MARKUP), label=MARKUP, scopes=[Scope.ENCOUNTERS_READ])
    PAGES[page][0](key)
    answer = security.post(page_of(key, page), {"reason": MARKUP, "ticket": MARKUP + "\a"})
    assert MARKUP not in answer.text
    assert "&lt;script&gt;" in answer.text


@pytest.mark.parametrize("page", PAGES)
def test_a_token_in_a_field_is_dropped(security, key, page):
    PAGES[page][0](key)
    changes, token = key.events.count(), issue(key.organization)[1]
    answer = security.post(page_of(key, page), SENT.get(page, WHY) | {"ticket": token})
    assert "This text held a token" in answer.text
    assert token not in answer.text
    assert key.events.count() == changes


@pytest.mark.parametrize("page", PAGES)
def test_a_key_that_does_not_exist_is_not_found(security, page):
    assert security.get(f"{KEYS}{10**30}/{page}/").status_code == 404


def test_a_limit_is_shown_with_its_use_and_the_limit_of_the_organization(security, key):
    assert "<dd>None" in text_with_limit(security, key)
    limit(key, 100, used=40)
    limit(key.organization, 1_000, used=120)
    text = text_with_limit(security, key)
    assert "100 calls a minute, 40 used in this minute" in text
    assert "All keys of the organization together: 1,000 calls a minute, 120 used" in text
    assert 'value="100"' in security.get(page_of(key, "limit")).text


def text_with_limit(client, key) -> str:
    return client.get(page_of(key, "change")).text.replace("\n      ", "")


def test_a_key_of_no_organization_has_its_own_limit_alone(security):
    key = issue(None)[0]
    limit(key, 5)
    assert "5 calls a minute, 0 used in this minute" in security.get(page_of(key, "change")).text


@pytest.mark.parametrize("text", ["0", "many"])
def test_what_is_no_limit_is_refused_next_to_its_field(security, key, text):
    answer = security.post(page_of(key, "limit"), WHY | {"calls_per_minute": text})
    assert [*answer.context["form"].errors] == ["calls_per_minute"]
