"""Ids are unique on one server only: resources of two servers in one source are never mixed up."""

import json

import pytest

from encounters.models import Document, Encounter, Patient, SourceRecord
from tests.encounters.fhir.exports import bundle, deletion, document, encounter, organization, patient, updated, write
from tests.encounters.fhir.whole_imports.test_versions_over_runs import snapshot

A, B = "https://a.example/fhir", "https://b.example/fhir"


def entry(server, resource):
    return {"fullUrl": f"{server}/{resource['resourceType']}/{resource['id']}", "resource": resource}


def named(name, source_id="1", version="2026-01-01T00:00:00Z"):
    return patient(source_id, name=[{"family": name}], **updated(version))


def visit(server, source_id, patient="Patient/1"):
    return entry(server, encounter(source_id, patient=patient))


@pytest.fixture
def imported(run_import, tmp_path):
    """Import a Bundle and return the codes of its issues."""

    def run(*entries):
        (tmp_path / "b.json").write_text(json.dumps(bundle(*entries, kind="collection")))
        return sorted(each["code"] for each in run_import(tmp_path / "b.json")["issues"])

    return run


def names() -> dict[str, str]:
    """Return the patient's name of each encounter that may be served."""
    found = Encounter.objects.filter(withdrawn_at=None, patient__withdrawn_at=None)
    return dict(found.values_list("source_record__source_id", "patient__last_name"))


def test_a_later_run_does_not_import_another_servers_resource_under_a_known_id(imported):
    imported(entry(A, named("Alpha")), visit(A, "e1"))
    later = [entry(B, named("Beta", version="2026-02-01T00:00:00Z")), visit(B, "e2"), visit(B, "e3", f"{A}/Patient/1")]
    assert imported(*later) == ["id_taken", "unresolved_patient"]
    assert names() == {"e1": "Alpha", "e3": "Alpha"}
    before = snapshot()
    assert imported(*later) == ["id_taken", "unresolved_patient"]
    assert snapshot() == before


def test_ids_that_only_one_server_has_are_its_own(imported):
    assert imported(entry(A, named("Alpha")), entry(B, named("Beta", "2")), visit(B, "e2", "Patient/2")) == []
    assert names() == {"e2": "Beta"}
    assert imported(visit(A, "e3", "Patient/2"), visit(A, "e4", "Patient/1")) == ["unresolved_patient"]
    assert names() == {"e2": "Beta", "e4": "Alpha"}


def test_a_folder_of_two_servers_bundles_is_no_different(run_import, tmp_path):
    for name, server in (("Alpha", A), ("Beta", B)):
        content = bundle(entry(server, named(name)), visit(server, f"of-{name}"))
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    assert run_import(tmp_path)["codes"] == {"id_taken": 1, "unresolved_patient": 1}
    assert names() == {"of-Alpha": "Alpha"}


def test_a_reference_without_a_server_is_unresolved_if_two_have_the_id(imported):
    both = [entry(A, named("Alpha")), entry(B, named("Beta"))]
    assert imported(*both, {"resource": encounter("e1", patient="Patient/1")}) == ["id_taken", "unresolved_patient"]
    assert imported(entry(A, named("Gamma", "3")), {"resource": encounter("e3", patient="Patient/3")}) == []
    assert names() == {"e3": "Gamma"}


def test_an_identifier_does_not_resolve_to_a_patient_of_another_server(imported):
    system = {"identifier": [{"system": "urn:s", "value": "7"}]}
    both = [entry(A, named("Alpha")), entry(B, named("Beta") | system)]
    assert imported(*both, visit(A, "e1", "Patient?identifier=urn:s|7")) == ["id_taken", "unresolved_patient"]


def test_another_address_of_the_only_server_is_the_same_server(imported):
    assert imported(entry(A, named("Alpha")), visit(A, "e1", "https://inside.example/Patient/1")) == []
    assert imported(entry("http://A.example/fhir", named("Later", version="2026-02-01T00:00:00Z"))) == []
    assert names() == {"e1": "Later"}


def test_a_deletion_at_another_server_withdraws_nothing_here(imported):
    imported(entry(A, named("Alpha")), visit(A, "e1"))
    gone = [deletion(f"{B}/Patient/1"), deletion("Encounter/e1") | {"fullUrl": f"{B}/Encounter/e1"}]
    assert imported(*gone) == ["id_taken", "id_taken"]
    assert names() == {"e1": "Alpha"}
    assert imported(deletion(f"{A}/Patient/1"), deletion("Encounter/e1")) == []
    assert names() == {}


def test_a_document_does_not_replace_one_of_another_server(imported):
    note = [entry(A, named("Alpha")), visit(A, "e1"), entry(A, document("d1"))]
    target = {"code": "replaces", "target": {"reference": "DocumentReference/d1"}}
    imported(*note, entry(B, named("Beta", "2")), visit(B, "e2", "Patient/2"))
    imported(entry(B, document("d2", encounter="Encounter/e2", relatesTo=[target])))
    assert not Document.objects.filter(status="superseded").exists()
    imported(entry(A, document("d3", relatesTo=[target])))
    assert Document.objects.get(status="superseded").source_record.source_id == "d1"


def test_a_document_of_another_servers_patient_of_the_same_id_is_a_mismatch(imported):
    imported(entry(A, named("Alpha")), visit(A, "e1"), entry(B, named("Beta", "2")))
    note = document("d1", encounter=f"{A}/Encounter/e1", subject={"reference": "Patient/1"})
    assert imported(entry(B, note)) == ["patient_mismatch"]


def test_an_organizations_name_is_its_own_servers(imported):
    places = [entry(server, organization("o1", name)) for server, name in ((A, "Here"), (B, "There"))]
    where = {"serviceProvider": {"reference": "Organization/o1"}}
    imported(*places, entry(A, named("Alpha")), entry(A, encounter("e1", patient="Patient/1", **where)))
    assert Encounter.objects.get().service_provider == "Here"


def test_of_two_full_urls_with_the_same_id_the_first_is_imported(imported):
    both = [{"fullUrl": f"urn:uuid:{name}", "resource": named(name)} for name in ("Alpha", "Beta")]
    visits = [{"resource": encounter(f"of-{name}", patient=f"urn:uuid:{name}")} for name in ("Alpha", "Beta")]
    assert imported(*both, *visits) == ["id_taken", "unresolved_patient"]
    assert names() == {"of-Alpha": "Alpha"}


def test_a_taken_id_is_not_reported_for_types_that_are_not_imported(imported):
    observation = {"resourceType": "Observation", "id": "o1"}
    assert imported(*({"fullUrl": f"urn:uuid:{name}", "resource": observation} for name in "ab")) == []


def test_a_record_learns_its_server_from_a_later_import(imported, run_import, tmp_path):
    run_import(write(tmp_path / "a", named("Alpha")))
    assert SourceRecord.objects.get().server is None
    imported(entry(A, named("Alpha")))
    assert SourceRecord.objects.get().server
    assert imported(entry(B, named("Beta", version="2026-03-01T00:00:00Z"))) == ["id_taken"]
    assert Patient.objects.get().last_name == "Alpha"
