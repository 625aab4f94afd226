from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from partners.catalogue.routes import Scope as Catalogue
from partners.keys import digests
from partners.models import ApiKey, ChangeEvent, KeyState
from partners.models.change import Action
from partners.models.keys.key import LONGEST_OVERLAP
from tests.factories import CHANGE, issue
from tests.moments import NONE, TICK
from tests.partners.support import aged
from tests.partners.support.counting import NOW
from tests.partners.support.rows import expire, stored

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def last_event(key: ApiKey) -> ChangeEvent:
    return key.events.first()


def test_a_successor_is_what_its_predecessor_was(organization):
    key, text = issue(organization, scopes=[Catalogue.ENCOUNTERS_READ, Catalogue.PATIENTS_READ])
    successor, token = key.rotate(CHANGE)
    old, new = stored(key), stored(successor)
    same = ("organization_id", "label", "is_test", "scopes")
    assert [old[name] for name in same] == [new[name] for name in same]
    assert new["digest"] == digests.digest(token.text, digests.current()) != old["digest"]
    assert (successor.replaces, key.replaced_by, successor.state) == (key, successor, KeyState.ACTIVE)
    assert token.text != text


def test_both_keys_work_during_the_overlap(key):
    before = timezone.now()
    key.rotate(CHANGE, overlap=HOUR)
    assert before + HOUR <= key.expires_at <= timezone.now() + HOUR
    assert key.state is KeyState.ACTIVE


def test_without_an_overlap_the_old_key_ends_at_once(key):
    successor, _ = key.rotate(CHANGE, overlap=timedelta(0))
    assert (key.state, successor.state) == (KeyState.EXPIRED, KeyState.ACTIVE)


@pytest.fixture
def behind(key, monkeypatch):
    """Have a clock that is behind the one that issued the key."""
    earlier = key.created_at - timedelta(seconds=5)
    return lambda: monkeypatch.setattr(timezone, "now", lambda: earlier)


def test_a_clock_that_is_behind_ends_a_rotated_key_right_after_its_issue(key, behind):
    behind()
    key.rotate(CHANGE, overlap=timedelta(0))
    assert stored(key)["expires_at"] == key.created_at + TICK


def test_a_clock_that_is_behind_ends_an_overlap_right_after_the_issue(key, behind):
    key.rotate(CHANGE, overlap=HOUR)
    behind()
    key.finish_rotation(CHANGE)
    assert stored(key)["expires_at"] == key.created_at + TICK


def test_an_overlap_never_lengthens_a_life(organization):
    end = timezone.now() + HOUR
    key, _ = issue(organization, expires_at=end)
    key.rotate(CHANGE, overlap=2 * HOUR)
    assert key.expires_at == end


def test_a_successor_lives_as_long_as_its_predecessor_was_made_to(organization):
    key, _ = issue(organization, expires_at=timezone.now() + 5 * HOUR)
    life = key.expires_at - key.created_at
    successor, _ = key.rotate(CHANGE)
    assert abs(successor.expires_at - successor.created_at - life) < timedelta(seconds=1)


def test_a_successor_of_a_key_without_an_end_has_none(key):
    assert key.rotate(CHANGE)[0].expires_at is None


def test_a_rotation_is_recorded_on_both_keys(key):
    successor, _ = key.rotate(CHANGE)
    assert last_event(key).action == Action.KEY_ROTATED
    assert last_event(key).before["expires_at"] is None
    assert last_event(key).after["expires_at"] == key.expires_at.isoformat()
    assert [event.action for event in successor.events.all()] == [Action.KEY_ISSUED]


def test_a_key_has_one_successor(key):
    successor, _ = key.rotate(CHANGE)
    before = stored(key)
    with pytest.raises(ValidationError, match=successor.public_id) as refusal:
        key.rotate(CHANGE)
    assert refusal.value.code == "rotated"
    assert (stored(key), ApiKey.objects.count()) == (before, 2)


def test_a_successor_may_be_rotated_in_turn(key):
    successor, _ = key.rotate(CHANGE)
    assert successor.rotate(CHANGE)[0].replaces == successor


@pytest.mark.parametrize(
    ("stop", "code"),
    [(lambda key: key.disable(CHANGE), "disabled"), (lambda key: key.revoke(CHANGE), "revoked"), (expire, "expired")],
    ids=["disabled", "revoked", "expired"],
)
def test_only_an_active_key_is_rotated(key, stop, code):
    stop(key)
    before = stored(key)
    with pytest.raises(ValidationError) as refusal:
        key.rotate(CHANGE)
    assert refusal.value.code == code
    assert (stored(key), ApiKey.objects.count()) == (before, 1)


@pytest.mark.parametrize("overlap", [timedelta(microseconds=-1), timedelta(days=90, microseconds=1), timedelta.max])
def test_an_overlap_is_from_nothing_to_ninety_days(key, overlap):
    with pytest.raises(ValidationError) as refusal:
        key.rotate(CHANGE, overlap=overlap)
    assert refusal.value.code == "invalid_overlap"


def test_a_stale_copy_does_not_lengthen_the_old_key(key):
    stale = ApiKey.objects.get(pk=key.pk)
    end = timezone.now() + timedelta(hours=1)
    ApiKey.objects.filter(pk=key.pk).update(expires_at=end)
    stale.rotate(CHANGE)
    assert ApiKey.objects.get(pk=key.pk).expires_at == end


def test_a_test_key_is_rotated_only_where_they_are_accepted(organization, settings):
    settings.ACCEPT_TEST_KEYS = True
    key, _ = issue(organization, is_test=True)
    assert key.rotate(CHANGE)[0].is_test
    settings.ACCEPT_TEST_KEYS = False
    with pytest.raises(ValidationError, match="test keys"):
        key.replaced_by.rotate(CHANGE)


def test_a_rotation_that_cannot_sign_changes_nothing(key, settings):
    before = stored(key)
    settings.DIGEST_KEYS = ""
    with pytest.raises(digests.DigestKeyUnavailable):
        key.rotate(CHANGE)
    assert (stored(key), ApiKey.objects.count()) == (before, 1)


def test_a_rotation_takes_the_stored_scopes_and_not_the_remembered_ones(key):
    stale = ApiKey.objects.prefetch_related("scopes").get(pk=key.pk)
    key.set_scopes([Catalogue.ENCOUNTERS_READ], CHANGE)
    successor, _ = stale.rotate(CHANGE)
    assert stored(successor)["scopes"] == {"encounters:read"}


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("overlap", "allowed"), [(-TICK, False), (NONE, True), (LONGEST_OVERLAP, True), (LONGEST_OVERLAP + TICK, False)]
)
def test_an_overlap_is_from_nothing_to_the_longest(organization, overlap, allowed):
    key, _ = aged.key(organization)
    if allowed:
        key.rotate(CHANGE, overlap=overlap)
        assert key.expires_at == NOW + overlap
        return
    with pytest.raises(ValidationError, match="The overlap must be"):
        key.rotate(CHANGE, overlap=overlap)
