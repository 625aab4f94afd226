"""How much data an organization has: what is counted, how far, and that no count reads all encounters."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from encounters import volume
from encounters.models import Encounter
from partners.review import data_volume
from tests import planning
from tests.encounters.support.restricted import restrict
from tests.factories import EncounterFactory, OrganizationFactory, PatientFactory

pytestmark = pytest.mark.django_db


def numbers(organization) -> tuple[int, int, int, int]:
    """Return the numbers of served, demonstration and training encounters, and of patients."""
    found = volume.of_organization(organization)
    return found.served, found.demo.number, found.training.number, found.patients.number


def test_of_an_organization_without_data_all_numbers_are_zero(organization):
    found = data_volume.of_organization(organization)
    assert numbers(organization) == (0, 0, 0, 0)
    assert (found.newest, found.withheld) == (None, False)


def test_each_encounter_is_counted_by_its_class_and_withdrawn_ones_are_not(organization):
    patient = PatientFactory(organization=organization)
    for record_class, number in (("clinical", 3), ("demo", 2), ("training", 1)):
        for _ in range(number):
            EncounterFactory(organization=organization, patient=patient, record_class=record_class)
        EncounterFactory(
            organization=organization, patient=None, record_class=record_class, withdrawn_at=timezone.now()
        )
    PatientFactory(organization=organization, withdrawn_at=timezone.now())
    EncounterFactory(organization=OrganizationFactory())
    assert numbers(organization) == (3, 2, 1, 1)


def test_restricted_encounters_are_counted_apart(organization):
    encounters = [EncounterFactory(organization=organization) for _ in range(3)]
    restrict(encounters[0].patient), restrict(encounters[1])
    found = volume.of_organization(organization)
    assert (found.served, found.restricted.number, found.patients.number) == (1, 2, 3)


def test_the_newest_encounter_is_one_that_is_served(organization):
    first, newest = (EncounterFactory(organization=organization) for _ in range(2))
    EncounterFactory(organization=organization, record_class="demo")
    EncounterFactory(organization=organization, withdrawn_at=timezone.now())
    assert first.created_at < volume.of_organization(organization).newest == newest.created_at


@pytest.mark.parametrize(("number", "shown"), [(2, "2"), (3, "3"), (4, "3+"), (6, "3+")])
def test_a_count_is_exact_up_to_its_limit(organization, monkeypatch, number, shown):
    monkeypatch.setattr(data_volume, "COUNTED", 3)
    for _ in range(number):
        EncounterFactory(organization=organization, record_class="demo")
    found = volume.of_organization(organization)
    assert (str(found.demo), str(found.patients), found.withheld) == (shown, shown, True)


def test_no_statement_reads_all_encounters_of_an_organization(organization):
    Encounter.objects.bulk_create(EncounterFactory.build_batch(5_000, organization=organization, patient=None))
    planning.gather_statistics("encounters_encounter", "encounters_encountercount")
    with CaptureQueriesContext(connection) as captured:
        assert volume.of_organization(organization).served == 5_000
    plans = [plan(each["sql"]) for each in captured if '"encounters_encounter"' in each["sql"]]
    indexes = ("encounter_served", "encounter_withheld", "encounter_withheld", "encounter_restricted")
    assert [index in found for index, found in zip(indexes, plans, strict=True)] == [True] * 4


def plan(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"{'EXPLAIN' if connection.vendor == 'postgresql' else 'EXPLAIN QUERY PLAN'} {sql}")
        return str(cursor.fetchall())
