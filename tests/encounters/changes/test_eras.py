"""When the cursors of an organization expire although none of its changes was deleted."""

import pytest
from django.db import transaction

from encounters.api.cursors import Cursor
from encounters.changes import pruning
from encounters.models import ChangeHorizon
from tests.api import CHANGES, Api
from tests.encounters.changes.test_pruning import OLD, changes
from tests.encounters.support.counted import execute, store
from tests.encounters.support.logged import kinds
from tests.factories import CHANGE, OrganizationFactory, issue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("settled")]
EXPIRED = (410, "cursor_expired", "cursor")


def eras():
    return [*ChangeHorizon.objects.order_by("organization").values_list("era", "position", "encounter")]


def caller(organization):
    return Api(issue(organization)[1])


def test_the_cursors_of_an_organization_that_was_lost_have_expired_for_a_new_one_of_its_number(organization):
    assert pruning.expire(7) == 1
    created = OrganizationFactory()
    assert caller(created).refusal(CHANGES, f"cursor={Cursor(0, created.pk, 9, 9)}") == EXPIRED
    assert caller(created).get(CHANGES, f"cursor={Cursor(7, created.pk, 9, 9)}").status_code == 200
    assert eras() == [(7, 0, 0), (7, 0, 0)]


def test_a_new_organization_stays_in_its_era_when_its_changes_are_pruned(organization):
    pruning.expire(7)
    created = OrganizationFactory()
    changes(created, OLD)
    pruning.prune(10)
    assert eras() == [(7, 0, 0), (7, 1, 1)]


def test_without_an_era_a_new_organization_has_no_horizon(organization):
    changes(organization, OLD)
    pruning.prune(10)
    OrganizationFactory()
    assert eras() == [(0, 1, 1)]


@pytest.mark.parametrize("receives", [True, False])
def test_who_receives_names_again_or_no_longer_reads_the_list_again(organization, api, receives):
    organization.set_names(CHANGE, receives=not receives)
    store(organization, 2)
    cursor = api.get(CHANGES, "limit=1").json()["next_cursor"]
    others = caller(OrganizationFactory())
    theirs = others.get(CHANGES).json()["next_cursor"]
    organization.set_names(CHANGE, receives=receives)
    assert api.refusal(CHANGES, f"cursor={cursor}") == EXPIRED
    first = api.get(CHANGES, "limit=1").json()
    assert api.get(CHANGES, f"cursor={first['next_cursor']}").json()["has_more"] is False
    assert len(kinds(organization)) == 2
    assert others.get(CHANGES, f"cursor={theirs}").status_code == 200


def test_each_change_of_names_begins_a_later_era(organization):
    ChangeHorizon.objects.create(organization=organization, era=1, position=5, encounter=6)
    found = []
    for receives in (False, True, False):
        organization.set_names(CHANGE, receives=receives)
        found += eras()
    assert len({era for era, *_ in found}) == 3
    assert sorted(found) == found
    assert {each[1:] for each in found} == {(5, 6)}


def test_a_choice_of_names_that_changes_nothing_begins_no_era(organization):
    organization.set_names(CHANGE, receives=True)
    organization.set_limit(CHANGE, 5)
    execute("UPDATE partners_organization SET receives_names = receives_names")
    assert eras() == []


def test_a_choice_of_names_that_is_rolled_back_begins_no_era(organization):
    with transaction.atomic():
        organization.set_names(CHANGE, receives=False)
        transaction.set_rollback(True)
    assert eras() == []
