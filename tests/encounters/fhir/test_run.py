"""A whole import: repeated, dry, interrupted, and in parts."""

import json
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from encounters.importing import rows
from encounters.importing.writing import store
from encounters.models import Document, Encounter, Patient
from tests.encounters.fhir.exports import bundle, deletion, document, encounter, ndjson, patient, write, write_bulk
from tests.encounters.fhir.whole_imports.test_versions_over_runs import snapshot

CHANGES = {
    "Patient": {"birthDate": "1971-02-03"},
    "Encounter": {"status": "planned"},
    "DocumentReference": {"description": "Changed"},
}


def practice(size=40):
    """A practice whose patients have an encounter and a document each."""
    for number in range(size):
        yield patient(f"p{number}")
        yield encounter(f"e{number}", patient=f"Patient/p{number}")
        replaces = {"code": "replaces", "target": {"reference": f"DocumentReference/d{number - 1}"}}
        yield document(f"d{number}", encounter=f"Encounter/e{number}", relatesTo=[replaces])


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(rows, "BATCH_ROWS", 7)


def test_a_second_run_changes_nothing(counts, tmp_path):
    path = write_bulk(tmp_path / "a", *practice(), deleted=["Patient/p39"], zipped=True)
    counts(path)
    before = snapshot()
    assert counts(path)["DocumentReference"] == {"unchanged": 40}
    assert snapshot() == before


def test_a_dry_run_runs_completely_and_writes_nothing(run_import, tmp_path):
    path = write_bulk(tmp_path / "a", *practice(), deleted=["Patient/p39"])
    dry = run_import(path, "--dry-run")
    assert not any(map(len, snapshot()))
    wet = run_import(path)
    assert (dry.pop("dry_run"), wet.pop("dry_run")) == (True, False)
    assert dry == wet


@pytest.mark.parametrize("survived", [0, 1, 5, 8, 13, 17, 18])
def test_a_run_that_was_interrupted_anywhere_is_finished_by_the_next(counts, tmp_path, monkeypatch, survived):
    path = write_bulk(tmp_path / "a", *practice(), deleted=["Patient/p39"])
    left = iter(range(survived))
    write_batch = store.write

    def killed(*arguments):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return write_batch(*arguments)

    monkeypatch.setattr(store, "write", killed)
    with pytest.raises(KeyboardInterrupt):
        counts(path)
    monkeypatch.setattr(store, "write", write_batch)
    counts(path)
    assert (Patient.objects.count(), Encounter.objects.count(), Document.objects.count()) == (40, 40, 40)
    assert Patient.objects.filter(withdrawn_at=None).count() == 39
    assert Document.objects.filter(status="superseded").count() == 39
    before = snapshot()
    counts(path)
    assert snapshot() == before


def test_a_run_that_was_interrupted_before_its_last_step_is_finished_by_the_next(counts, tmp_path, monkeypatch):
    path = write(tmp_path / "a", *practice())
    supersede = store.supersede
    monkeypatch.setattr(store, "supersede", lambda *arguments: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        counts(path)
    monkeypatch.setattr(store, "supersede", supersede)
    assert not Document.objects.filter(status="superseded").exists()
    counts(path)
    assert Document.objects.filter(status="superseded").count() == 39


def test_a_batch_is_written_whole_or_not_at_all(counts, tmp_path, monkeypatch):
    monkeypatch.setattr(store._Batch, "save", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        counts(write(tmp_path / "a", *practice()))
    assert not any(map(len, snapshot()))


def test_created_at_is_the_time_of_import_and_rises_within_a_run(run_import, tmp_path):
    before = timezone.now()
    run_import(write(tmp_path / "a", *practice()))
    moments = list(Encounter.objects.order_by("pk").values_list("created_at", flat=True))
    assert all(earlier < later for earlier, later in pairwise(moments))
    assert before <= moments[0]
    assert moments[-1] <= timezone.now()


def test_created_at_may_be_when_it_took_place(run_import, tmp_path):
    before = timezone.now()
    path = write(tmp_path / "a", patient(), encounter(), encounter("e2", period={"end": "2026-05-25T10:00:00Z"}))
    run_import(path, "--created-at", "service")
    first, second = Encounter.objects.order_by("source_record__source_id")
    assert first.created_at == datetime(2026, 5, 25, 14, tzinfo=UTC)
    assert second.created_at >= before


def test_the_order_of_a_bundle_does_not_matter(counts, tmp_path):
    entries = [{"resource": each} for each in reversed(list(practice(9)))]
    (tmp_path / "b.json").write_text(json.dumps(bundle(deletion("Patient/p8"), *entries)))
    assert counts(tmp_path / "b.json") == {
        "Patient": {"created": 9, "withdrawn": 1},
        "Encounter": {"created": 9},
        "DocumentReference": {"created": 9},
    }


def test_issues_with_a_mixed_file_are_reported_once(run_import, tmp_path):
    (tmp_path / "all.ndjson").write_bytes(ndjson(b"{", patient(), patient(None), {"resourceType": "Basic"}))
    report = run_import(tmp_path / "all.ndjson")
    assert report["codes"] == {"invalid_json": 1, "missing_id": 1}
    assert report["counts"] == {"other": {"rejected": 1, "ignored": 1}, "Patient": {"rejected": 1, "created": 1}}


def test_warnings_about_an_organization_are_reported(run_import, tmp_path):
    report = run_import(write(tmp_path / "a", {"resourceType": "Organization", "id": "o1", "name": "x" * 1001}))
    assert report["codes"] == {"text_cut": 1}


@pytest.fixture
def statements(run_import, monkeypatch):
    """Import a path in large batches and return the number of statements."""
    monkeypatch.setattr(rows, "BATCH_ROWS", 500)

    def count(path, source):
        with CaptureQueriesContext(connection) as captured:
            run_import(path, source=source)
        return len(captured)

    return count


def test_the_statements_of_a_batch_do_not_grow_with_it(statements, tmp_path):
    few, many = (write(tmp_path / str(size), *practice(size)) for size in (4, 40))
    assert statements(few, "few") == statements(many, "many")


def test_nor_do_those_of_a_batch_of_changes(statements, tmp_path):
    def changed(size):
        later = [each | CHANGES[each["resourceType"]] for each in practice(size)]
        statements(write_bulk(tmp_path / f"{size}", *practice(size)), f"{size}")
        return statements(write_bulk(tmp_path / f"{size} later", *later, time="2026-07-01T00:00:00Z"), f"{size}")

    assert changed(4) == changed(40)
    assert set(Patient.objects.values_list("date_of_birth__year", flat=True)) == {1971}
    assert set(Encounter.objects.values_list("status", flat=True)) == {"planned"}
    assert set(Document.objects.values_list("title", flat=True)) == {"Changed"}
