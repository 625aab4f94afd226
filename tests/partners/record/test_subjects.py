"""The public ids of encounters, patients and documents, by primary key and back."""

import pytest

from partners.record import subjects
from partners.record.subjects import Subject
from tests.factories import START, DocumentFactory, EncounterFactory

pytestmark = pytest.mark.django_db


def rows() -> dict:
    document = DocumentFactory()
    encounter = document.encounter
    return {Subject.ENCOUNTER: encounter, Subject.PATIENT: encounter.patient, Subject.DOCUMENT: document}


@pytest.mark.parametrize("subject", Subject)
def test_rows_are_named_by_their_primary_keys(subject):
    row, other = rows()[subject], rows()[subject]
    assert subjects.public_ids(subject, [row.pk, other.pk, row.pk]) == {
        row.pk: row.public_id,
        other.pk: other.public_id,
    }


@pytest.mark.parametrize("subject", Subject)
def test_a_row_that_is_gone_has_no_name(subject):
    assert subjects.public_ids(subject, [rows()[subject].pk + 1]) == {}


@pytest.mark.parametrize("subject", Subject)
def test_a_row_is_found_by_its_public_id(subject):
    row = rows()[subject]
    assert (subjects.find_pk(subject, row.public_id), subjects.find_pk(subject, "nobody")) == (row.pk, None)


def test_a_patient_belongs_to_an_organization_and_has_encounters():
    encounter, _ = EncounterFactory(), EncounterFactory()
    own = EncounterFactory(patient=encounter.patient, organization=encounter.organization, withdrawn_at=START)
    assert subjects.organization_of(encounter.patient_id) == encounter.organization_id
    assert subjects.encounters_of(encounter.patient_id) == {each.pk: each.public_id for each in (encounter, own)}
