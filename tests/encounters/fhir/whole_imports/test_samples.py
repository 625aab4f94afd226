"""The real exports, whole."""

import pytest

from encounters.models import Document, Encounter, Patient
from tests import planning
from tests.encounters.fhir.whole_imports.test_versions_over_runs import snapshot

pytestmark = pytest.mark.samples

COUNTS = {
    "bulk-10": {"Organization": 43, "Patient": 13, "Encounter": 1215, "DocumentReference": 1215},
    "volume": {"Organization": 90, "Patient": 370, "Encounter": 11006},
    "r4-spec-examples": {"Organization": 13, "Patient": 22, "Encounter": 10, "DocumentReference": 1},
}


@pytest.mark.parametrize("name", COUNTS)
def test_an_export_is_imported_completely_and_a_second_run_changes_nothing(counts, samples, name):
    expected = COUNTS[name]
    outcome = {kind: "read" if kind == "Organization" else "created" for kind in expected}
    assert counts(samples / name) == {kind: {outcome[kind]: size} for kind, size in expected.items()}
    planning.gather_statistics("encounters_encounter", "encounters_patient")
    assert Patient.objects.count() == expected["Patient"]
    assert (
        Encounter.objects.for_organization(Patient.objects.first().organization).served().count()
        == expected["Encounter"]
    )
    assert Document.objects.count() == expected.get("DocumentReference", 0)
    before = snapshot()
    outcome = {kind: "read" if kind == "Organization" else "unchanged" for kind in expected}
    assert counts(samples / name) == {kind: {outcome[kind]: size} for kind, size in expected.items()}
    assert snapshot() == before


def test_the_notes_of_the_bulk_export_are_readable_and_dated(counts, samples):
    counts(samples / "bulk-10")
    assert not Document.objects.filter(content=None).exists()
    assert not Encounter.objects.filter(patient=None).exists()
    assert not Encounter.objects.filter(date_of_service=None).exists()
    assert set(Document.objects.values_list("status", flat=True)) == {"superseded", None}


def test_the_unusual_shapes_of_the_specification_are_reported(run_import, samples):
    assert run_import(samples / "r4-spec-examples")["codes"] == {
        "name_text_only": 1,
        "no_birth_date": 5,
        "no_name": 3,
        "date_only": 1,
        "content_by_url": 1,
    }
