"""The demonstration's records: a run that was interrupted goes on, and follows restrictions as imports do."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chartero.demo import records
from encounters.models import Encounter
from tests.encounters.support.restricted import restrict

pytestmark = pytest.mark.django_db


def make(organization, encounters):
    records.make(organization, patients=2, encounters=encounters, seed=1)


def test_a_run_that_goes_on_withholds_what_was_restricted_meanwhile(organization):
    make(organization, 5)
    patient = organization.patients.first()
    restrict(patient)
    make(organization, 40)
    assert organization.encounters.count() == 40
    assert patient.encounters.count() > 5
    assert not Encounter.objects.served().filter(patient=patient).exists()


def test_no_restriction_begins_while_encounters_are_written(organization):
    with CaptureQueriesContext(connection) as captured:
        make(organization, 5)
    said = [each["sql"] for each in captured]
    lock = next(number for number, sql in enumerate(said) if 'FROM "partners_organization"' in sql)
    assert ("FOR NO KEY UPDATE" in said[lock]) == (connection.vendor == "postgresql")
    assert lock < next(number for number, sql in enumerate(said) if 'INSERT INTO "encounters_encounter"' in sql)
