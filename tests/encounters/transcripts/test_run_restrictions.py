"""Imports and restrictions: an import neither lifts one nor brings a record of a restricted patient to partners."""

import pytest

from encounters.models import Document, Encounter, Patient
from tests.encounters.support.counted import kept
from tests.encounters.support.restricted import restrict
from tests.encounters.transcripts.visits import NEWER, encounter, note, visit
from tests.factories import CHANGE

pytestmark = pytest.mark.django_db


def served() -> list[str]:
    found = Encounter.objects.served().values_list("source_record__source_id", flat=True)
    return sorted(found)


@pytest.fixture
def imported(counts):
    counts(visit(note()), visit(note("n2"), encounter=encounter("e2"), patient="p2"))
    return lambda patient: Patient.objects.get(source_record__source_id=patient)


def test_encounters_of_a_restricted_patient_that_are_imported_later_are_withheld(counts, imported, organization):
    restriction = restrict(imported("p1"))
    counts(visit(note("n3"), encounter=encounter("e3")), visit(note("n4"), encounter=encounter("e4"), patient="p2"))
    assert (served(), kept(organization)) == (["e2", "e4"], 2)
    restriction.lift(CHANGE)
    assert (served(), kept(organization)) == (["e1", "e2", "e3", "e4"], 4)


def test_an_import_of_a_newer_version_does_not_lift_a_restriction(counts, imported):
    restrict(imported("p1"))
    restrict(Encounter.objects.get(source_record__source_id="e2"))
    newer = [
        visit(note(title="Newer"), encounter=encounter(status="cancelled", **NEWER)),
        visit(note("n2", **NEWER), encounter=encounter("e2", status="cancelled", **NEWER), patient="p2"),
    ]
    assert counts(*newer)["encounter"] == {"updated": 2}
    assert served() == []


def test_an_encounter_follows_the_restrictions_when_it_moves_to_another_patient(counts, imported, organization):
    restrict(imported("p1"))
    counts(visit(encounter=encounter("e2", **NEWER)), visit(encounter=encounter("e1", **NEWER), patient="p2"))
    assert (served(), kept(organization)) == (["e1"], 1)


def test_a_document_stays_restricted_when_it_is_imported_again(counts, imported):
    restrict(Document.objects.get(source_record__source_id="n1"))
    counts(visit(note(title="Newer", **NEWER)))
    assert [each.title for each in Document.objects.served()] == ["Note"]
