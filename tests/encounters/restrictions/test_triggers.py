"""The triggers that hold encounters to their restrictions: whatever is written, and when they are installed."""

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from encounters.apps import keep_restrictions
from encounters.models import Encounter
from encounters.restrictions.triggers import SET
from partners.triggers import comparing
from tests.encounters.support.counted import encounter, execute
from tests.encounters.support.restricted import restrict
from tests.factories import CHANGE, START, EncounterFactory, PatientFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def restricted(organization):
    """A patient who is restricted."""
    patient = PatientFactory(organization=organization)
    restrict(patient)
    return patient


def refused(write):
    with pytest.raises(IntegrityError, match="restricted_at must follow"), transaction.atomic():
        write()


def test_no_writer_stores_an_encounter_of_a_restricted_patient_as_served(restricted, organization):
    refused(lambda: encounter(organization, patient=restricted).save())
    among = [encounter(organization), encounter(organization, patient=restricted), encounter(organization)]
    refused(lambda: Encounter.objects.bulk_create(among))
    encounter(organization, patient=restricted, restricted_at=START).save()
    assert not Encounter.objects.served().exists()


def test_no_writer_moves_a_served_encounter_to_a_restricted_patient(restricted, organization):
    moved = EncounterFactory(organization=organization)
    refused(lambda: Encounter.objects.filter(pk=moved.pk).update(patient=restricted))
    Encounter.objects.filter(pk=moved.pk).update(patient=restricted, restricted_at=START)


def test_no_writer_lifts_a_restriction_or_makes_one(restricted, organization):
    hidden, shown = EncounterFactory(organization=organization), EncounterFactory(organization=organization)
    restriction = restrict(hidden)
    refused(lambda: Encounter.objects.filter(pk=hidden.pk).update(restricted_at=None))
    refused(lambda: Encounter.objects.filter(pk=shown.pk).update(restricted_at=START))
    refused(lambda: encounter(organization, restricted_at=START).save())
    restriction.lift(CHANGE)
    assert Encounter.objects.served().count() == 2


def test_what_follows_or_is_not_concerned_is_written(restricted, organization):
    hidden = EncounterFactory(organization=organization)
    restrict(hidden)
    Encounter.objects.filter(pk=hidden.pk).update(status="cancelled", patient=restricted, withdrawn_at=START)
    Encounter.objects.filter(pk=hidden.pk).update(patient=None)
    EncounterFactory(organization=organization, patient=None)
    assert Encounter.objects.served().count() == 1


@pytest.mark.parametrize("name", ["insert", "update"])
def test_a_trigger_that_is_gone_is_noticed_and_installed_again(name):
    on = " ON encounters_encounter" if connection.vendor == "postgresql" else ""
    execute(f"DROP TRIGGER encounter_restriction_{name}{on}")
    assert not comparing.in_place(connection, SET)
    keep_restrictions(apps.get_app_config("encounters"), "default")
    assert comparing.in_place(connection, SET)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_the_columns_go_and_come_back_with_their_migration(committed):
    try:
        call_command("migrate", "encounters", "0007", verbosity=0)
        with connection.cursor() as cursor:
            columns = connection.introspection.get_table_description(cursor, "encounters_encounter")
        assert "restricted_at" not in {each.name for each in columns}
    finally:
        call_command("migrate", verbosity=0)
    assert comparing.faults(connection) == []
