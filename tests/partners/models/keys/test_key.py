from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from partners.catalogue.routes import Scope as Catalogue
from partners.keys import digests, tokens
from partners.models import ApiKey, ChangeEvent, KeyState, Scope
from partners.models.change import Action, Change
from tests.factories import CHANGE, issue
from tests.partners.support.rows import expire, stored

pytestmark = pytest.mark.django_db
NO_REASON = Change(by="tester", source="tests", reason=" ")
HOUR = timedelta(hours=1)


def last_event(key: ApiKey) -> ChangeEvent:
    return key.events.first()


def test_a_new_key_is_active_and_holds_what_was_asked_for(organization):
    key, _ = issue(organization, scopes=[Catalogue.ENCOUNTERS_READ], label=" An invented system ")
    assert (key.state, key.organization, key.label, key.expires_at) == (
        KeyState.ACTIVE,
        organization,
        "An invented system",
        None,
    )
    assert [scope.name for scope in key.scopes.all()] == ["encounters:read"]


def test_a_key_stores_a_digest_of_its_token_and_never_the_secret(key):
    other, text = issue(key.organization)
    row = stored(other)
    assert row["digest"] == digests.digest(text, digests.current())
    assert row["digest_key_number"] == digests.current()
    assert row["public_part"] == tokens.parse(text).public_part
    assert text[18:61] not in repr(row)


def test_a_key_does_not_show_its_secret(organization):
    key, text = issue(organization)
    assert str(key) == f"{text[:18]}… (Invented system)"


def test_a_key_may_belong_to_no_organization():
    assert stored(issue(None)[0])["organization_id"] is None


def test_a_key_may_hold_no_scope(organization):
    assert stored(issue(organization, scopes=[])[0])["scopes"] == set()


def test_issuing_is_recorded(organization):
    key, _ = issue(organization, scopes=[Catalogue.PATIENTS_READ])
    event = last_event(key)
    assert (event.action, event.organization, event.by, event.source, event.reason) == (
        Action.KEY_ISSUED,
        organization,
        "tester",
        "tests",
        "a test",
    )
    assert event.after == {"state": "active", "expires_at": None, "scopes": ["patients:read"]}


@pytest.mark.parametrize("label", ["", " ", "x" * 201])
def test_a_key_needs_a_label_of_some_length(organization, label):
    with pytest.raises(ValidationError) as refusal:
        issue(organization, label=label)
    assert set(refusal.value.message_dict) == {"label"}


@pytest.mark.parametrize("away", [timedelta(0), -HOUR])
def test_a_key_cannot_expire_before_it_is_made(organization, away):
    with pytest.raises(ValidationError, match="must be in the future"):
        issue(organization, expires_at=timezone.now() + away)


def test_a_test_key_is_made_where_they_are_accepted(organization, settings):
    settings.ACCEPT_TEST_KEYS = True
    key, text = issue(organization, is_test=True)
    assert key.is_test
    assert text.startswith("ch_sk_test_")


def test_a_test_key_is_not_made_elsewhere(organization):
    with pytest.raises(ValidationError) as refusal:
        issue(organization, is_test=True)
    assert refusal.value.code == "test_key_not_accepted"


def test_no_key_is_made_without_a_digest_key(organization, settings):
    settings.DIGEST_KEYS = ""
    with pytest.raises(digests.DigestKeyUnavailable):
        issue(organization)


def test_a_key_expires_at_its_time(organization, monkeypatch):
    end = timezone.now() + HOUR
    key, _ = issue(organization, expires_at=end)
    monkeypatch.setattr(timezone, "now", lambda: end - timedelta(microseconds=1))
    assert key.state is KeyState.ACTIVE
    monkeypatch.setattr(timezone, "now", lambda: end)
    assert key.state is KeyState.EXPIRED


def test_the_most_final_state_is_the_one_told(key):
    key.disable(CHANGE)
    assert key.state is KeyState.DISABLED
    expire(key)
    assert key.state is KeyState.EXPIRED
    key.revoke(CHANGE)
    assert key.state is KeyState.REVOKED


@pytest.mark.parametrize(
    ("steps", "action", "before", "after"),
    [
        (["disable"], Action.KEY_DISABLED, "active", "disabled"),
        (["disable", "enable"], Action.KEY_ENABLED, "disabled", "active"),
        (["revoke"], Action.KEY_REVOKED, "active", "revoked"),
        (["disable", "revoke"], Action.KEY_REVOKED, "disabled", "revoked"),
        (["disable", "enable", "disable"], Action.KEY_DISABLED, "active", "disabled"),
    ],
)
def test_a_change_of_state_is_made_and_recorded(key, steps, action, before, after):
    for step in steps:
        getattr(key, step)(CHANGE)
    event = last_event(key)
    assert key.state == ApiKey.objects.get(pk=key.pk).state == after
    assert (event.action, event.before["state"], event.after["state"]) == (action, before, after)
    assert key.events.count() == 1 + len(steps)


@pytest.mark.parametrize(
    ("steps", "refused", "code"),
    [
        ([], "enable", "not_disabled"),
        (["disable"], "disable", "disabled"),
        (["disable", "enable"], "enable", "not_disabled"),
        (["rotate", "disable"], "disable", "disabled"),
        (["rotate"], "enable", "not_disabled"),
        (["revoke"], "revoke", "revoked"),
        (["revoke"], "enable", "revoked"),
        (["revoke"], "disable", "revoked"),
        (["disable", "revoke"], "enable", "revoked"),
    ],
)
def test_a_change_that_the_state_forbids_is_refused(key, steps, refused, code):
    for step in steps:
        getattr(key, step)(CHANGE)
    before = stored(key), key.events.count()
    with pytest.raises(ValidationError) as refusal:
        getattr(key, refused)(CHANGE)
    assert refusal.value.code == code
    assert (stored(key), key.events.count()) == before


@pytest.mark.parametrize("step", ["disable", "revoke"])
def test_an_expired_key_may_still_be_stopped(key, step):
    expire(key)
    getattr(key, step)(CHANGE)
    assert stored(key)[f"{step.rstrip('e')}ed_at"] is not None


def test_a_stale_copy_changes_what_is_stored_and_not_what_it_remembers(key):
    stale = ApiKey.objects.get(pk=key.pk)
    key.disable(CHANGE)
    stale.revoke(CHANGE)
    assert last_event(key).before["state"] == "disabled"
    with pytest.raises(ValidationError, match="revoked and can't be restored"):
        key.enable(CHANGE)


@pytest.mark.parametrize("step", ["disable", "enable", "revoke"])
def test_a_change_of_state_needs_a_reason(key, step):
    if step == "enable":
        key.disable(CHANGE)
    before = stored(key)
    with pytest.raises(ValidationError) as refusal:
        getattr(key, step)(NO_REASON)
    assert refusal.value.code == "reason_required"
    assert stored(key) == before


def test_scopes_are_replaced_and_the_change_recorded(key):
    key.set_scopes([Catalogue.RECORDINGS_READ, Catalogue.ENCOUNTERS_READ], CHANGE)
    event = last_event(key)
    assert stored(key)["scopes"] == {"encounters:read", "recordings:read"}
    assert event.action == Action.SCOPES_CHANGED
    assert len(event.before["scopes"]) == len(Catalogue)
    assert event.after["scopes"] == ["encounters:read", "recordings:read"]


def test_all_scopes_may_be_taken_away(key):
    key.set_scopes([], CHANGE)
    assert stored(key)["scopes"] == set()


def test_the_same_scopes_again_are_no_change(key):
    key.set_scopes(Catalogue, CHANGE)
    assert last_event(key).action == Action.KEY_ISSUED


def test_a_revoked_key_keeps_its_scopes(key):
    key.revoke(CHANGE)
    with pytest.raises(ValidationError) as refusal:
        key.set_scopes([], CHANGE)
    assert refusal.value.code == "revoked"
    assert len(stored(key)["scopes"]) == len(Scope.objects.all())
