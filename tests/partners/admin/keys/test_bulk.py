"""Many keys at once: a preview, one reason, one transaction, an event for each key."""

import re

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext

from partners.models import ApiKey, ChangeEvent
from partners.models.change import Action
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
    ("lately", "told"), [(1, "1 of these keys are in use:"), (2, "2 of these keys are in use:"), (3, "2 of these keys")]
)
def test_the_preview_says_how_many_are_in_use(security, keys, verb, lately, told):
    for key in keys[:lately]:
        used(key, minutes=3)
    text = security.post(BULK, chosen(keys, verb)).text
    assert told in text
    assert len(re.findall("[34] minutes ago", text)) == min(lately, 2)


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


def test_the_reason_is_required(security, keys):
    answer = security.post(BULK, confirmed(keys) | {"reason": " "})
    assert "This field is required." in answer.text
    assert states(keys) == ["active", "active", "revoked"]


def test_all_are_changed_or_none(security, keys, monkeypatch):
    monkeypatch.setattr(QuerySet, "bulk_create", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        security.post(BULK, confirmed(keys))
    assert states(keys) == ["active", "active", "revoked"]


def test_the_events_of_many_keys_say_what_those_of_one_say(security, keys):
    security.post(BULK, confirmed(keys[:1]))
    keys[1].disable(CHANGE)
    of_many, of_one = (key.events.first() for key in keys[:2])
    facts = ("action", "organization", "before", "after")
    assert [getattr(of_many, fact) for fact in facts] == [getattr(of_one, fact) for fact in facts]
    assert (of_many.before["state"], of_many.after["state"]) == ("active", "disabled")


def test_the_statements_do_not_grow_with_the_keys(security, organization):
    def statements(number):
        keys = [issue(organization, label=f"System {number} {n}")[0] for n in range(number)]
        with CaptureQueriesContext(connection) as captured:
            security.post(BULK, confirmed(keys))
        assert set(states(keys)) == {"disabled"}
        return len(captured)

    assert statements(2) == statements(20)


def test_errors_of_the_model_are_shown(security, keys):
    answer = security.post(BULK, confirmed(keys) | {"reason": "bell\a"})
    assert "Use a single line without control characters." in answer.text
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
