"""What a document becomes in the database, and how it changes its encounter."""

import pytest

from encounters.models import Document, Encounter
from tests.encounters.fhir.exports import (
    document,
    encounter,
    patient,
    transcript,
    updated,
    write,
)


@pytest.mark.parametrize(
    ("elements", "code"),
    [
        ({"encounter": None}, "no_encounter"),
        ({"encounter": "Encounter/e9"}, "unresolved_encounter"),
        ({"encounter": "Patient/e1"}, "unresolved_encounter"),
        ({"encounter": "#e1"}, "unresolved_encounter"),
        ({"subject": {"reference": "Patient/p2"}}, "patient_mismatch"),
        ({"subject": {"reference": "Patient/p9"}}, "patient_mismatch"),
        ({"subject": {"reference": "#p1"}}, "unresolved_patient"),
    ],
)
def test_a_document_needs_an_encounter_of_the_same_patient(run_import, tmp_path, elements, code):
    report = run_import(write(tmp_path / "a", document(**elements), encounter(), patient(), patient("p2")))
    assert report["counts"]["DocumentReference"] == {"rejected": 1}
    assert [each["code"] for each in report["issues"]] == [code]


def test_a_document_belongs_to_the_first_of_its_encounters_that_is_known(run_import, tmp_path):
    references = [{"reference": "Encounter/e9"}, {"reference": "Encounter/e2"}, {"reference": "Encounter/e1"}]
    note = document(context={"encounter": references}, subject={"reference": "Group/g"})
    run_import(write(tmp_path / "a", note, encounter(), encounter("e2", patient=None), patient()))
    assert Document.objects.get().encounter.source_record.source_id == "e2"


def test_a_document_may_name_the_patient_of_an_encounter_that_names_none(run_import, tmp_path):
    note = document(subject={"reference": "Patient/p1"})
    assert run_import(write(tmp_path / "a", note, encounter(patient=None), patient()))["codes"] == {"no_patient": 1}
    assert Document.objects.exists()


def test_a_document_without_a_date_is_as_old_as_its_encounter(run_import, tmp_path):
    run_import(write(tmp_path / "a", document(date=None), encounter(), patient()))
    assert Document.objects.get().created_at == Encounter.objects.get().created_at


def test_a_transcript_makes_its_encounter_ambient_and_without_it_it_is_not(run_import, tmp_path):
    run_import(write(tmp_path / "a", transcript(**updated("2026-01-01T00:00:00Z")), encounter(), patient()))
    assert Encounter.objects.get().encounter_type == "ambient"
    run_import(write(tmp_path / "b", document("t1", **updated("2026-01-02T00:00:00Z"))))
    assert Encounter.objects.get().encounter_type == "clinical_documentation"


def types() -> list[str]:
    return list(Encounter.objects.order_by("source_record__source_id").values_list("encounter_type", flat=True))


def test_a_transcript_that_moves_or_is_withdrawn_takes_the_type_along(run_import, tmp_path):
    run_import(
        write(tmp_path / "a", transcript(**updated("2026-01-01T00:00:00Z")), encounter(), encounter("e2"), patient())
    )
    assert types() == ["ambient", "clinical_documentation"]
    run_import(write(tmp_path / "b", transcript(encounter="Encounter/e2", **updated("2026-01-02T00:00:00Z"))))
    assert types() == ["clinical_documentation", "ambient"]
    run_import(write(tmp_path / "c", transcript(status="entered-in-error", **updated("2026-01-03T00:00:00Z"))))
    assert types() == ["clinical_documentation"] * 2


def test_a_document_that_another_replaces_is_superseded_in_any_order_and_for_good(run_import, tmp_path):
    replaces = {"relatesTo": [{"code": "replaces", "target": {"reference": "DocumentReference/d1"}}]}
    run_import(write(tmp_path / "a", document("d2", **replaces), document(), encounter(), patient()))
    statuses = dict(Document.objects.values_list("source_record__source_id", "status"))
    assert statuses == {"d1": "superseded", "d2": "completed"}
    run_import(write(tmp_path / "b", document(docStatus="amended", **updated("2030-01-02T00:00:00Z"))))
    assert Document.objects.get(source_record__source_id="d1").status == "superseded"


def test_a_rejected_document_replaces_nothing_and_no_document_replaces_itself(run_import, tmp_path):
    replaces = {"relatesTo": [{"code": "replaces", "target": {"reference": "DocumentReference/d1"}}]}
    notes = [document(**replaces), document("d2", encounter=None, **replaces)]
    run_import(write(tmp_path / "a", *notes, encounter(), patient()))
    assert Document.objects.get().status == "completed"
