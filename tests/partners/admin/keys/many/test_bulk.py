"""Many keys at once: a preview, one reason, one transaction, an event for each key."""

import html
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from partners.admin.keys import listing
from partners.admin.keys.many import bulk
from partners.admin.keys.many.bulk_forms import BulkForm
from partners.models import ApiKey, ChangeEvent, Organization
from partners.models.change import Action, Change
from partners.models.keys.key import ApiKeyQuerySet
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.support.calls import used
from tests.partners.support.staff import make_stale, signed_in

pytestmark = pytest.mark.django_db
LIST = "/admin/partners/apikey/"
BULK = f"{LIST}bulk/"
MARKUP = "<script>alert(1)</script>"


@pytest.fixture
def keys(organization) -> list[ApiKey]:
    """Two keys that can be changed, and one that cannot."""
    keys = [issue(organization, label=f"System {number}")[0] for number in range(3)]
    keys[2].revoke(CHANGE)
    return keys


def chosen(keys: list[ApiKey], verb: str = "disable", **values) -> dict:
    return {"_selected_action": [key.pk for key in keys], "verb": verb} | values


def confirmed(keys: list[ApiKey], verb: str = "disable", **values) -> dict:
    return chosen(keys, verb, step="confirm", reason="A leak is likely", ticket="OPS-7", **values)


def states(keys: list[ApiKey]) -> list[str]:
    return [ApiKey.objects.get(pk=key.pk).state.value for key in keys]


@pytest.mark.parametrize(
    ("role", "status"), [(None, 403), ("Support", 403), ("Partner onboarding", 403), ("Security", 302)]
)
def test_only_security_may_use_it(keys, role, status):
    client = signed_in(role)
    assert client.get(BULK).status_code == status
    assert client.post(BULK, confirmed(keys)).status_code == status
    assert states(keys)[0] == ("disabled" if role == "Security" else "active")


def test_a_verb_takes_its_own_permission_too(keys):
    user = User.objects.create_user("somebody", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["bulk_apikey", "disable_apikey"]))
    client = Client()
    client.force_login(user)
    assert client.post(BULK, chosen(keys, "revoke")).status_code == 403
    assert client.post(BULK, chosen(keys, "disable")).status_code == 200


@pytest.mark.parametrize("verb", ["disable", "revoke"])
def test_the_preview_shows_every_key_and_changes_none(security, keys, verb):
    text = security.post(BULK, chosen(keys, verb)).text
    to_change, skipped = text.split("<h2>Skipped</h2>")
    for key in keys[:2]:
        assert f"ch_sk_{key.public_part}…" in to_change
        assert key.label in to_change
    assert to_change.count(keys[0].organization.name) == 2
    assert to_change.count("Never used") == 2
    assert "in use" not in to_change
    assert f"ch_sk_{keys[2].public_part}…" in skipped
    assert "The key is revoked and can&#x27;t be restored." in skipped
    assert states(keys) == ["active", "active", "revoked"]


@pytest.mark.parametrize("verb", ["disable", "revoke"])
@pytest.mark.parametrize(
    ("lately", "told"), [(1, "1 of these keys is in use:"), (2, "2 of these keys are in use:"), (3, "2 of these keys")]
)
def test_the_preview_says_how_many_are_in_use(security, keys, verb, lately, told):
    for key in keys[:lately]:
        used(key, minutes=3)
    text = security.post(BULK, chosen(keys, verb)).text
    assert told in text
    assert len(re.findall("[34] minutes ago", text)) == min(lately, 2)


def test_the_preview_of_one_key_says_whether_it_is_in_use(security, keys):
    used(keys[0], minutes=3)
    assert "This key is in use:" in security.post(BULK, chosen(keys[:1], "disable")).text
    assert "in use:" not in security.post(BULK, chosen(keys[1:2], "disable")).text


@pytest.mark.parametrize(
    ("verb", "number", "state", "action"),
    [("disable", {}, "disabled", Action.KEY_DISABLED), ("revoke", {"number": "2"}, "revoked", Action.KEY_REVOKED)],
)
def test_each_change_is_its_own_event(security, keys, verb, number, state, action):
    before = ChangeEvent.objects.count()
    answer = security.post(BULK, confirmed(keys, verb, **number), follow=True)
    assert answer.redirect_chain == [(LIST, 302)]
    assert f"2 keys {state}, 1 skipped." in answer.text
    assert states(keys) == [state, state, "revoked"]
    events = [key.events.first() for key in keys[:2]]
    assert {(event.action, event.by, event.reason, event.ticket) for event in events} == {
        (action, "Security-person", "A leak is likely", "OPS-7")
    }
    assert ChangeEvent.objects.count() == before + 2


def test_the_message_for_one_key_is_singular(security, keys):
    assert "1 key disabled." in security.post(BULK, confirmed(keys[:1]), follow=True).text


@pytest.mark.parametrize(
    ("number", "told"), [("", "This field is required."), ("3", "The number is 2."), ("two", "Enter a whole number.")]
)
def test_a_revocation_asks_how_many(security, keys, number, told):
    answer = security.post(BULK, confirmed(keys, "revoke", number=number))
    assert told in answer.text
    assert "A leak is likely" in answer.text
    assert states(keys) == ["active", "active", "revoked"]


@pytest.mark.parametrize(("number", "told"), [(None, "This field is required."), ("50", "The number is 51.")])
def test_more_than_a_page_is_confirmed_by_the_number_too(security, organization, number, told):
    keys = [issue(organization)[0] for _ in range(51)]
    given = {} if number is None else {"number": number}
    assert told in security.post(BULK, confirmed(keys, **given)).text
    assert set(states(keys)) == {"active"}
    security.post(BULK, confirmed(keys, number="51"))
    assert set(states(keys)) == {"disabled"}


def test_the_statements_do_not_grow_with_the_keys(security, organization, keys):
    few = [issue(organization)[0] for _ in range(2)]
    many = [issue(organization)[0] for _ in range(40)]
    counts = []
    for each in (few, many):
        with CaptureQueriesContext(connection) as captured:
            security.post(BULK, confirmed(each))
        counts.append(len(captured))
    assert set(states(many)) == {"disabled"}
    assert counts[0] == counts[1]


# All that the filters find -------------------------------------------------------------------------------------------
def test_all_of_the_list_are_selected_by_its_filters(security, keys):
    other, _ = issue(OrganizationFactory(name="Elsewhere"), label="Another")
    text = security.post(f"{BULK}?q=system&o=-label", {"which": "all", "verb": "disable"}).text
    assert "<h1>Disable 2 keys</h1>" in text
    assert sorted(re.findall(r'name="_selected_action" value="(\d+)"', text)) == sorted(str(key.pk) for key in keys)
    assert other.public_part not in text


def test_what_the_preview_showed_is_changed_and_the_list_comes_back_filtered(security, keys):
    answer = security.post(f"{BULK}?q=system", confirmed(keys[:1]), follow=True)
    assert answer.redirect_chain == [(f"{LIST}?q=system", 302)]
    assert states(keys) == ["disabled", "active", "revoked"]


def test_more_than_can_be_changed_at_once_are_refused(security, keys, monkeypatch):
    monkeypatch.setattr(listing, "MOST_AT_ONCE", 2)
    assert security.post(f"{BULK}?q=system", {"which": "all", "verb": "revoke"}).status_code == 400
    assert security.post(f"{BULK}?state=active", {"which": "all", "verb": "revoke"}).status_code == 200


@pytest.mark.parametrize("query", ["digest__regex=^.", "nothing=1"])
def test_what_the_list_does_not_offer_selects_nothing(security, keys, query):
    assert security.post(f"{BULK}?{query}", {"which": "all", "verb": "revoke"}).status_code == 400


def test_a_list_without_keys_selects_none(security, keys):
    answer = security.post(f"{BULK}?q=nobody", {"which": "all", "verb": "revoke"}, follow=True)
    assert "Select keys in the list first." in answer.text


def test_the_list_offers_all_only_if_they_can_be_changed_at_once(security, keys, monkeypatch):
    assert "All 3 keys" in security.get(LIST).text
    assert "The one key" in security.get(f"{LIST}?state=revoked").text
    monkeypatch.setattr(listing, "MOST_AT_ONCE", 2)
    assert 'value="all"' not in security.get(LIST).text


# The expiry ----------------------------------------------------------------------------------------------------------
def day(days: int) -> str:
    return f"{timezone.now() + timedelta(days=days):%Y-%m-%d}"


def test_the_expiry_of_many_is_changed_and_recorded(security, keys):
    answer = security.post(BULK, confirmed(keys, "expire", until=day(40)), follow=True)
    assert "2 keys given a new expiry, 1 skipped." in answer.text
    for key in keys[:2]:
        key.refresh_from_db()
        assert f"{key.expires_at - timedelta(days=1):%Y-%m-%d %H:%M}" == f"{day(40)} 00:00"
        event = key.events.first()
        assert (event.action, event.after["expires_at"]) == (Action.EXPIRY_CHANGED, key.expires_at.isoformat())
        assert event.before["expires_at"] != event.after["expires_at"]


@pytest.mark.parametrize(
    ("until", "told"),
    [
        ("", "This field is required."),
        ("soon", "Enter a valid date."),
        (day(-1), "The expiry must be in the future."),
        (day(101), "A key lives at most 100 days from its issue"),
    ],
)
def test_an_expiry_that_is_not_allowed_is_refused(security, keys, settings, until, told):
    settings.KEY_LONGEST_LIFETIME_DAYS = 100
    text = security.post(BULK, confirmed(keys, "expire", until=until)).text
    assert told in html.unescape(text)
    assert not ChangeEvent.objects.filter(action=Action.EXPIRY_CHANGED).exists()


def test_the_life_of_a_key_counts_from_its_issue(security, keys, settings):
    settings.KEY_LONGEST_LIFETIME_DAYS = 100
    ApiKey.objects.filter(pk=keys[0].pk).update(created_at=timezone.now() - timedelta(days=70))
    assert "A key lives at most" in security.post(BULK, confirmed(keys, "expire", until=day(40))).text
    assert "1 key given" in security.post(BULK, confirmed(keys[1:2], "expire", until=day(40)), follow=True).text


def test_an_expired_and_a_rotated_key_keep_their_expiry(security, keys, organization):
    keys[0].rotate(CHANGE)
    past = timezone.now() - timedelta(days=1)
    ApiKey.objects.filter(pk=keys[1].pk).update(created_at=past - timedelta(days=1), expires_at=past)
    keys[2] = issue(organization)[0]
    keys[2].disable(CHANGE)
    text = html.unescape(security.post(BULK, chosen(keys, "expire")).text)
    assert "<h1>Change the expiry of 1 key</h1>" in text
    assert ("Use its successor" in text, "The key has expired." in text) == (True, True)
    assert "keys can't be" not in text


def test_an_error_without_a_field_is_shown_above_the_expiry(security, keys, monkeypatch):
    monkeypatch.setattr("partners.signin.base.client_address", lambda request: "x" * 101)
    assert "at most 100 characters" in security.post(BULK, confirmed(keys, "expire", until=day(9))).text


def test_no_manager_changes_all_keys_by_mistake(organization):
    for manager in (ApiKey.objects, organization.api_keys):
        assert not any(hasattr(manager, name) for name in ("disable", "revoke", "set_expiry"))
    assert Organization.objects.count() == 1


def test_the_reason_is_required(security, keys):
    answer = security.post(BULK, confirmed(keys) | {"reason": " "})
    assert "This field is required." in answer.text
    assert states(keys) == ["active", "active", "revoked"]


def test_all_are_changed_or_none(security, keys, monkeypatch):
    def disable(given: ApiKeyQuerySet, why: Change, form: BulkForm) -> list[ApiKey]:
        given.disable(why)
        raise ZeroDivisionError

    monkeypatch.setitem(bulk.VERBS, "disable", replace(bulk.VERBS["disable"], apply=disable))
    with pytest.raises(ZeroDivisionError):
        security.post(BULK, confirmed(keys))
    assert states(keys) == ["active", "active", "revoked"]


def test_errors_of_the_model_are_shown(security, keys):
    answer = security.post(BULK, confirmed(keys) | {"reason": "bell\a"})
    assert "Remove tabs and other control characters." in answer.text
    assert states(keys) == ["active", "active", "revoked"]


def test_where_no_key_can_be_changed_nothing_is_asked(security, keys):
    for data in (chosen(keys[2:]), confirmed(keys[2:])):
        text = security.post(BULK, data).text
        assert "None of the selected keys can be disabled." in text
        assert 'name="reason"' not in text


@pytest.mark.parametrize("data", [{}, {"_selected_action": ["x", "²", "9" * 30, "9" * 19, "-1"], "verb": "disable"}])
def test_without_a_choice_it_leads_back_to_the_list(security, data):
    answer = security.post(BULK, data, follow=True)
    assert answer.redirect_chain == [(LIST, 302)]
    assert "Select keys in the list first." in answer.text
    assert security.get(BULK).url == LIST


def test_keys_that_do_not_exist_are_left_out(security, keys):
    text = security.post(BULK, chosen(keys[:1]) | {"_selected_action": [keys[0].pk, 10**15]}).text
    assert "<h1>Disable 1 key</h1>" in text


@pytest.mark.parametrize("verb", ["", "delete"])
def test_there_is_no_other_verb(security, keys, verb):
    assert security.post(BULK, chosen(keys, verb)).status_code == 400


def test_a_stale_password_is_asked_for_and_the_choice_is_kept(security, keys):
    make_stale(security)
    asked = security.post(BULK, chosen(keys)).text
    assert "Confirm your password" in asked
    carried = re.findall(r'name="_selected_action" value="(\d+)"', asked)
    answer = security.post(BULK, chosen([]) | {"_selected_action": carried, "proof_of_password": "invented"})
    assert "<h1>Disable 2 keys</h1>" in answer.text


def test_stored_markup_shows_as_it_is_written(security):
    key, _ = issue(OrganizationFactory(name=MARKUP), label=MARKUP)
    revoked, _ = issue(label=MARKUP)
    revoked.revoke(CHANGE)
    text = security.post(BULK, confirmed([key, revoked]) | {"reason": "", "ticket": MARKUP}).text
    assert MARKUP not in text
    assert text.count("&lt;script&gt;") >= 4
