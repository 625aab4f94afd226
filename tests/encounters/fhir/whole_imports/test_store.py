"""What one resource becomes in the database."""

from datetime import UTC, date, datetime

import pytest

from encounters.models import Document, Encounter, Patient, SourceRecord
from tests.encounters.fhir.exports import (
    bundle,
    document,
    encounter,
    labelled,
    ndjson,
    organization,
    patient,
    updated,
    write,
    write_bulk,
)
from tests.factories import OrganizationFactory

SERVICE = datetime(2026, 5, 25, 14, tzinfo=UTC)


def test_a_visit_becomes_a_patient_an_encounter_and_a_document(counts, tmp_path):
    write(tmp_path / "a", document(), encounter(), patient())
    assert counts(tmp_path / "a") == {
        "Patient": {"created": 1},
        "Encounter": {"created": 1},
        "DocumentReference": {"created": 1},
    }
    note = Document.objects.select_related("encounter__patient").get()
    assert (note.title, note.status, note.content) == ("Note", "completed", "An invented note.")
    assert (note.encounter.status, note.encounter.date_of_service) == ("completed", SERVICE)
    assert (note.encounter.record_class, note.encounter.encounter_type) == ("clinical", "clinical_documentation")
    assert (note.encounter.patient.last_name, note.encounter.patient.date_of_birth) == ("Example", date(1970, 2, 3))


def test_every_row_belongs_to_the_organization(run_import, organization, tmp_path):
    run_import(write(tmp_path / "a", document(), encounter(), patient()))
    assert Patient.objects.get().organization == organization
    assert Encounter.objects.get().organization == organization
    assert SourceRecord.objects.filter(organization=organization, source="source").count() == 3


@pytest.mark.parametrize("record_class", ["clinical", "demo", "training"])
def test_the_record_class_is_the_operators(run_import, tmp_path, record_class):
    run_import(write(tmp_path / "a", encounter(), patient()), record_class=record_class)
    assert Encounter.objects.get().record_class == record_class


@pytest.mark.parametrize(
    ("given", "stored", "warnings"),
    [("clinical", "training", ["test_data"]), ("demo", "demo", []), ("training", "training", [])],
)
def test_a_resource_labelled_as_test_data_is_never_clinical(codes, tmp_path, given, stored, warnings):
    path = write(tmp_path / "a", encounter(**labelled()), patient())
    assert codes(path, record_class=given) == warnings
    assert Encounter.objects.get().record_class == stored


def test_nor_is_an_encounter_of_a_patient_labelled_so(codes, tmp_path):
    assert codes(write(tmp_path / "a", encounter(), patient(**labelled()))) == ["test_data"]
    assert Encounter.objects.get().record_class == "training"


def test_nor_is_one_whose_patient_is_labelled_later(run_import, tmp_path):
    run_import(write_bulk(tmp_path / "a", encounter(), patient()))
    run_import(write_bulk(tmp_path / "b", patient(**labelled()), time="2026-07-01T00:00:00Z"))
    assert Encounter.objects.get().record_class == "training"


def test_encounters_of_other_patients_stay_clinical(run_import, tmp_path):
    run_import(write_bulk(tmp_path / "a", encounter(), patient()))
    run_import(write_bulk(tmp_path / "b", patient(birthDate="1971-01-01"), time="2026-07-01T00:00:00Z"))
    assert Encounter.objects.get().record_class == "clinical"


def test_a_document_labelled_so_is_withheld_from_clinical_records(run_import, tmp_path):
    path = write(tmp_path / "a", document(**labelled()), encounter(), patient())
    report = run_import(path)
    assert report["counts"]["DocumentReference"] == {"withdrawn": 1}
    assert report["codes"] == {"test_data": 1}
    assert not Document.objects.exists()


def test_but_is_kept_among_training_material(counts, tmp_path):
    path = write(tmp_path / "a", document(**labelled()), encounter(), patient())
    assert counts(path, record_class="training")["DocumentReference"] == {"created": 1}


def test_another_import_can_correct_a_wrong_record_class(counts, tmp_path):
    path = write(tmp_path / "a", encounter(), patient())
    counts(path, record_class="clinical")
    assert counts(path, record_class="demo") == {"Patient": {"unchanged": 1}, "Encounter": {"updated": 1}}
    assert Encounter.objects.get().record_class == "demo"


@pytest.mark.parametrize(
    ("subject", "code"),
    [
        (None, "no_patient"),
        ({"display": "Ina"}, "no_patient"),
        ({"identifier": {"value": "1"}}, "no_patient"),
        ({"reference": "Group/g1"}, "subject_not_a_patient"),
        ({"reference": "Group?identifier=s|1"}, "subject_not_a_patient"),
    ],
)
def test_an_encounter_may_have_no_patient_with_a_warning(codes, tmp_path, subject, code):
    assert codes(write(tmp_path / "a", encounter(subject=subject), patient())) == [code]
    assert Encounter.objects.get().patient is None


@pytest.mark.parametrize("reference", ["Patient/p9", "#p1", "urn:uuid:p9", "urn:oid:1", "Patient?identifier=s|9"])
def test_an_encounter_of_an_unknown_patient_is_rejected(run_import, tmp_path, reference):
    report = run_import(write(tmp_path / "a", encounter(patient=reference), patient()))
    assert report["counts"]["Encounter"] == {"rejected": 1}
    assert report["issues"] == [
        {
            "level": "error",
            "code": "unresolved_patient",
            "file": "Encounter.000.ndjson",
            "line": 1,
            "type": "Encounter",
            "source_id": "e1",
        }
    ]


@pytest.mark.parametrize(
    "reference",
    ["Patient/p1", "https://example.org/Patient/p1/_history/2", "urn:uuid:p1", "Patient?identifier=urn:s|7"],
)
def test_a_patient_is_found_however_it_is_referred_to(run_import, tmp_path, reference):
    identifier = [{"system": "urn:s", "value": "7"}]
    run_import(write(tmp_path / "a", encounter(patient=reference), patient(identifier=identifier), patient("p2")))
    record = SourceRecord.objects.get(encounter__isnull=False)
    assert record.encounter.patient.source_record.source_id == "p1"


def test_an_identifier_of_two_patients_names_neither(codes, tmp_path):
    same = {"identifier": [{"system": "s", "value": "7"}]}
    path = write(tmp_path / "a", encounter(patient="Patient?identifier=s|7"), patient(**same), patient("p2", **same))
    assert codes(path) == ["unresolved_patient"]


def test_full_urls_of_a_bundle_name_its_resources(counts, tmp_path):
    entries = [
        {"fullUrl": "urn:uuid:e", "resource": encounter(None, patient="urn:uuid:p")},
        {"fullUrl": "urn:uuid:p", "resource": patient("p1")},
        {"fullUrl": "urn:uuid:g", "resource": {"resourceType": "Group"}},
        {"resource": encounter("e2", patient="urn:uuid:g")},
        {"resource": document(encounter="urn:uuid:e", subject={"reference": "Patient/p1"})},
    ]
    (tmp_path / "all.ndjson").write_bytes(ndjson(bundle(*entries)))
    assert counts(tmp_path / "all.ndjson") == {
        "other": {"ignored": 1},
        "Patient": {"created": 1},
        "Encounter": {"created": 2},
        "DocumentReference": {"created": 1},
    }
    assert sorted(str(each.patient_id is None) for each in Encounter.objects.all()) == ["False", "True"]


def test_patients_of_another_source_are_not_found(codes, run_import, tmp_path):
    run_import(write(tmp_path / "a", patient()), source="other")
    assert codes(write(tmp_path / "b", encounter())) == ["unresolved_patient"]


def test_nor_are_patients_of_another_organization(codes, run_import, tmp_path):
    run_import(write(tmp_path / "a", patient()))
    SourceRecord.objects.update(organization=OrganizationFactory())
    assert codes(write(tmp_path / "b", encounter())) == ["unresolved_patient"]


def test_nor_is_a_patient_who_was_deleted_before_ever_coming_in(codes, run_import, tmp_path):
    run_import(write_bulk(tmp_path / "a", deleted=["Patient/p1"]))
    assert codes(write(tmp_path / "b", encounter())) == ["unresolved_patient"]


@pytest.mark.parametrize(
    ("provider", "text"),
    [
        ({"display": "Invented Ward", "reference": "Organization/o1"}, "Invented Ward"),
        ({"reference": "Organization/o1"}, "Invented Clinic"),
        ({"reference": "Organization?identifier=s|1"}, "Invented Clinic"),
        ({"reference": "Organization/o9"}, "Organization/o9"),
        ({"reference": "Organization/o2"}, "Organization/o2"),
        (None, ""),
    ],
)
def test_where_it_took_place_is_kept_as_text(run_import, tmp_path, provider, text):
    clinic = organization(identifier=[{"system": "s", "value": "1"}])
    report = run_import(
        write(tmp_path / "a", clinic, organization("o2", None), patient(), encounter(serviceProvider=provider))
    )
    assert Encounter.objects.get().service_provider == text
    assert report["counts"]["Organization"] == {"read": 2}


def test_updated_at_is_the_sources_else_the_exports(run_import, tmp_path):
    run_import(write_bulk(tmp_path / "a", encounter(**updated("2026-05-26T00:00:00Z")), encounter("e2"), patient()))
    moments = list(Encounter.objects.order_by("updated_at").values_list("updated_at", flat=True))
    assert moments == [datetime(2026, 5, 26, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)]
