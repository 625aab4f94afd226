"""Two changes at once, each in its own thread on its own connection: what the database makes of them."""

from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from partners.catalogue.routes import Route, Scope
from partners.models import ApiKey, ApiKeySwitch, ChangeEvent, Organization
from partners.models.change import Action
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.racing import rounds

pytestmark = pytest.mark.usefixtures("committed")
ROUNDS = rounds(postgresql=100, sqlite=25)
FEW = max(10, ROUNDS // 5)


@pytest.fixture
def partner(committed) -> Organization:
    return OrganizationFactory()


def copies(key: ApiKey) -> list[ApiKey]:
    """Return the row as two callers hold it."""
    return [ApiKey.objects.get(pk=key.pk) for _ in range(2)]


def refusals(results: list[Any]) -> list[str]:
    return [result.code for result in results if isinstance(result, ValidationError)]


def chained(events: list[ChangeEvent]) -> bool:
    """Tell whether each event, the newest first, says as "before" what the one before it left."""
    return all(later.before == earlier.after for later, earlier in pairwise(events))


def test_two_rotations_have_one_winner_and_one_successor(race, partner):
    for _ in range(ROUNDS):
        key, _ = issue(partner)
        first, second = copies(key)
        results = race(partial(first.rotate, CHANGE), partial(second.rotate, CHANGE))
        assert refusals(results) == ["rotated"]
        assert ApiKey.objects.filter(replaces=key).count() == 1
        assert [event.action for event in key.events.all()] == [Action.KEY_ROTATED, Action.KEY_ISSUED]


def test_a_revocation_holds_against_a_disabling(race, partner):
    for _ in range(FEW):
        key, _ = issue(partner)
        first, second = copies(key)
        results = race(partial(first.revoke, CHANGE), partial(second.disable, CHANGE))
        events = list(key.events.all())
        assert ApiKey.objects.get(pk=key.pk).state == "revoked"
        assert refusals(results) == (["revoked"] if len(events) == 2 else [])
        assert events[0].action == Action.KEY_REVOKED
        assert chained(events)


def test_two_revocations_are_one(race, partner):
    for _ in range(FEW):
        key, _ = issue(partner)
        first, second = copies(key)
        results = race(partial(first.revoke, CHANGE), partial(second.revoke, CHANGE))
        assert refusals(results) == ["revoked"]
        assert key.events.count() == 2


def test_a_rotation_meets_a_revocation_before_or_after_and_not_within(race, partner):
    for _ in range(FEW):
        key, _ = issue(partner)
        first, second = copies(key)
        results = race(partial(first.revoke, CHANGE), partial(second.rotate, CHANGE))
        successors = ApiKey.objects.filter(replaces=key).count()
        assert ApiKey.objects.get(pk=key.pk).state == "revoked"
        assert (refusals(results), successors) in ((["revoked"], 0), ([], 1))


def test_a_successor_has_the_scopes_from_before_or_after_a_change_and_not_a_mixture(race, partner):
    few = {"encounters:read", "recordings:read"}
    for _ in range(FEW):
        key, _ = issue(partner)
        first, second = copies(key)
        _, (successor, _) = race(
            partial(first.set_scopes, [Scope.ENCOUNTERS_READ, Scope.RECORDINGS_READ], CHANGE),
            partial(second.rotate, CHANGE),
        )
        rotated = key.events.get(action=Action.KEY_ROTATED)
        assert set(key.scopes.values_list("name", flat=True)) == few
        assert set(successor.scopes.values_list("name", flat=True)) == set(rotated.before["scopes"])
        assert set(rotated.before["scopes"]) in (few, {scope.value for scope in Scope})
        assert chained(list(key.events.all()))


def test_two_sets_of_scopes_are_not_mixed(race, partner):
    for _ in range(FEW):
        key, _ = issue(partner)
        first, second = copies(key)
        race(
            partial(first.set_scopes, [Scope.PATIENTS_READ], CHANGE),
            partial(second.set_scopes, [Scope.RECORDINGS_READ], CHANGE),
        )
        events = list(key.events.all())
        assert list(key.scopes.values_list("name", flat=True)) == events[0].after["scopes"]
        assert len(events[0].after["scopes"]) == 1
        assert chained(events)


def test_two_changes_of_access_both_hold(race):
    for _ in range(FEW):
        partner = OrganizationFactory(routes=[Route.ENCOUNTERS_LIST])
        first, second = (Organization.objects.get(pk=partner.pk) for _ in range(2))
        race(
            partial(first.set_access, CHANGE, allowlisted=False, disable=[Route.ENCOUNTERS_LIST]),
            partial(second.set_access, CHANGE, enable=[Route.ENCOUNTERS_DETAIL]),
        )
        partner.refresh_from_db()
        assert (partner.allowlisted, partner.enabled_routes()) == (False, ["encounters.detail"])
        assert partner.events.count() == 3
        assert chained(list(partner.events.all()))


def test_two_purposes_follow_each_other(race, partner):
    for number in range(FEW):
        first, second = (Organization.objects.get(pk=partner.pk) for _ in range(2))
        race(
            *(partial(each.set_purpose, CHANGE, f"{name} {number}") for each, name in ((first, "One"), (second, "Two")))
        )
        assert chained(list(partner.events.filter(action=Action.PURPOSE_CHANGED)))
    assert partner.events.filter(action=Action.PURPOSE_CHANGED).count() == 2 * FEW


def test_the_same_change_of_access_twice_is_recorded_once(race):
    for _ in range(FEW):
        partner = OrganizationFactory(routes=[])
        first, second = (Organization.objects.get(pk=partner.pk) for _ in range(2))
        results = race(*(partial(each.set_access, CHANGE, enable=Route.grantable()) for each in (first, second)))
        assert sorted(results) == [False, True]
        assert partner.events.count() == 1


def test_the_switch_is_turned_once(race):
    for on in [False, True] * FEW:
        assert refusals(race(*[partial(ApiKeySwitch.turn, on, CHANGE)] * 2)) == ["unchanged"]
        assert ApiKeySwitch.objects.get().enabled is on


def test_of_two_labels_that_look_alike_one_is_made(race, partner):
    for number in range(FEW):
        results = race(*(partial(issue, partner, label=f"{label} {number}") for label in ("EHR sync", "ehr sync")))
        assert [refusal.message_dict.keys() for refusal in results if isinstance(refusal, ValidationError)] == [
            {"label"}
        ]
        assert ApiKey.objects.filter(label_key=f"ehr sync {number}").count() == 1
