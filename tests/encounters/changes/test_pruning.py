"""How long changes are kept."""

from datetime import timedelta

import pytest
from django.utils import timezone

from encounters.changes import pruning
from encounters.models import ChangeHorizon, EncounterChange
from partners.management.commands import prune_records
from tests.api import CHANGES
from tests.encounters.support.counted import store
from tests.encounters.support.logged import kinds
from tests.factories import OrganizationFactory
from tests.partners.support.command_line import run_json

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("settled")]
OLD = timezone.now() - pruning.KEPT - timedelta(minutes=1)


def changes(organization, *ages):
    """Log changes that were made at these moments, in this order."""
    EncounterChange.objects.bulk_create(
        EncounterChange(
            organization=organization, position=place, encounter=place, public_id="enc", change="updated", changed_at=at
        )
        for place, at in enumerate(ages, 1)
    )


def test_old_changes_go_and_the_horizon_says_how_far(organization):
    changes(organization, OLD, OLD, timezone.now())
    assert (pruning.due(), pruning.prune(1), pruning.due()) == (2, 2, 0)
    horizon = ChangeHorizon.objects.get(organization=organization)
    assert (horizon.position, horizon.encounter, len(kinds(organization))) == (2, 2, 1)


def test_changes_behind_a_young_one_stay_so_that_none_is_skipped(organization):
    changes(organization, OLD, timezone.now(), OLD)
    assert pruning.prune(10) == 1


def test_an_organization_that_lost_nothing_has_no_horizon(organization):
    changes(organization, timezone.now())
    assert (pruning.prune(10), ChangeHorizon.objects.count()) == (0, 0)


def test_the_horizon_never_moves_back(organization):
    ChangeHorizon.objects.create(organization=organization, era=5, position=9, encounter=9)
    changes(organization, OLD)
    assert pruning.prune(10) == 1
    assert ChangeHorizon.objects.values_list("era", "position").get() == (5, 9)


def test_positions_go_on_after_all_changes_went(organization):
    store(organization, 2)
    EncounterChange.objects.update(changed_at=OLD)
    assert pruning.prune(10) == 2
    horizon = ChangeHorizon.objects.get().position
    store(organization)
    assert EncounterChange.objects.get().position >= horizon


@pytest.mark.parametrize(("options", "left"), [((), 0), (("--dry-run",), 1)])
def test_the_command_prunes_changes_too(organization, options, left):
    changes(organization, OLD)
    assert run_json("prune_records", *options)["encounter_changes"] == 1
    assert EncounterChange.objects.count() == left


def test_the_command_says_how_long_changes_are_kept():
    assert f"changes of encounters after {pruning.KEPT.days} days," in prune_records.Command.help


def test_a_new_era_deletes_all_changes_of_every_organization(organization):
    changes(organization, timezone.now())
    OrganizationFactory()
    assert pruning.expire(7) == 2
    assert pruning.expire(8) == 2
    assert not EncounterChange.objects.exists()
    assert {*ChangeHorizon.objects.values_list("era", "position", "encounter")} == {(8, 0, 0)}


def test_the_command_expires_cursors_and_changes_go_on(organization, api):
    store(organization)
    cursor = api.get(CHANGES).json()["next_cursor"]
    assert run_json("expire_cursors") == {"organizations": 1}
    assert api.refusal(CHANGES, f"cursor={cursor}") == (410, "cursor_expired", "cursor")
    store(organization)
    assert len(api.get(CHANGES).json()["items"]) == 1
