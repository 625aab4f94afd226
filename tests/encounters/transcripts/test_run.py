"""An import of transcripts: what lines become in the database."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from encounters.importing import rows
from encounters.importing.writing import store
from encounters.models import Document, Encounter, Patient, SourceRecord
from encounters.transcripts import run
from tests.encounters.fhir import exports
from tests.encounters.transcripts.visits import NEWER, TURNS, encounter, note, transcript, visit, write


def stored(model):
    return list(model._default_manager.order_by("pk").values())


def test_a_line_becomes_a_patient_an_encounter_and_documents(counts, organization):
    created = {name: {"created": n} for name, n in {"patient": 1, "encounter": 1, "document": 2}.items()}
    assert counts(visit(note(), transcript())) == {"line": {"read": 1}} | created
    found = Encounter.objects.get()
    assert (found.organization, found.patient.last_name, found.record_class) == (organization, "Example", "clinical")
    assert (found.status, found.encounter_type) == ("completed", "ambient")
    assert found.date_of_service == datetime(2026, 5, 25, 14, tzinfo=UTC)
    text, turns = Document.objects.order_by("pk")
    assert (text.content, text.turns, text.audio) == ("An invented *note*.", None, None)
    assert (turns.content, turns.turns, turns.transcript_provider) == (None, TURNS, "An invented machine")
    assert (turns.workflow_variant, turns.audio_duration_seconds) == ("ambient", 4.125)


def test_a_second_run_changes_nothing(counts):
    lines = [visit(note(), transcript()), visit(note("n2"), encounter=encounter("e2"), patient="p2")]
    counts(*lines)
    before = [stored(model) for model in (Patient, Encounter, Document, SourceRecord)]
    assert counts(*lines)["document"] == {"unchanged": 3}
    assert [stored(model) for model in (Patient, Encounter, Document, SourceRecord)] == before


def test_each_row_is_known_by_its_source(counts):
    counts(visit(note(), transcript()))
    assert set(SourceRecord.objects.values_list("source", "resource_type", "source_id")) == {
        ("source", "Patient", "p1"),
        ("source", "Encounter", "e1"),
        ("source", "DocumentReference", "n1"),
        ("source", "DocumentReference", "t1"),
    }


def test_a_newer_version_replaces_the_whole_document(counts):
    counts(visit(note(), transcript()))
    newer = transcript(status="amended", turns=TURNS[:1], provider=None, **NEWER)
    assert counts(visit(note(), newer))["document"] == {"unchanged": 1, "updated": 1}
    found = Document.objects.get(schema_type="ambient_transcript")
    assert (found.status, found.turns, found.transcript_provider) == ("amended", TURNS[:1], None)


def test_removed_turns_are_null_in_the_database(counts):
    counts(visit(transcript()))
    counts(visit(transcript(turns=None, **NEWER)))
    assert Document.objects.filter(turns__isnull=True).count() == 1


@pytest.mark.parametrize(
    ("first", "second", "outcome", "todo"),
    [
        ({}, {}, "conflict_no_version", "Set updated_at to show which version is newer."),
        (NEWER, NEWER, "conflict_same_version", "Set a later updated_at."),
        (NEWER, {"updated_at": "2026-01-01T00:00:00Z"}, "stale", None),
    ],
)
def test_a_version_that_is_not_newer_changes_nothing_and_says_what_to_do(bring, first, second, outcome, todo):
    bring(visit(note(**first)))
    report = bring(visit(note(title="Another", **second)))
    assert report["counts"]["document"] == {outcome: 1}
    assert [(each["at"], todo in each["todo"]) for each in report["issues"]] == (
        [("document n1", True)] if todo else []
    )
    assert Document.objects.get().title == "Note"


def test_an_encounter_known_from_a_fhir_export_gets_documents(run_import, counts, organization, tmp_path):
    options = ["--organization", organization.public_id, "--record-class", "clinical", "--source", "source", "--json"]
    export = exports.write(tmp_path / "export", exports.patient(), exports.encounter())
    call_command("import_fhir", str(export), *options, stdout=StringIO())
    assert counts({"encounter": {"id": "e1"}, "documents": [transcript()]}) == {
        "line": {"read": 1},
        "document": {"created": 1},
    }
    assert Document.objects.get().encounter == Encounter.objects.get()
    assert Encounter.objects.get().encounter_type == "ambient"


@pytest.mark.parametrize(
    ("line", "at", "todo"),
    [
        ({"encounter": {"id": "e9"}, "documents": [note()]}, "document n1", "No encounter with this id"),
        (visit(patient=None) | {"patient": {"id": "p9"}}, "encounter e1", "No patient with this id"),
        (visit(note(), patient="p2", encounter={"id": "e0"}), "document n1", "belongs to another patient"),
    ],
)
def test_a_line_with_an_unknown_or_wrong_reference_is_not_imported(issues, line, at, todo):
    issues(visit(encounter=encounter("e0")))
    found = issues(line)
    assert (found[0][0], todo in found[0][1]) == (at, True)
    assert not Document.objects.exists()


def test_a_line_may_refer_to_the_line_before(counts):
    assert counts(visit(), {"encounter": {"id": "e1"}, "patient": {"id": "p1"}, "documents": [note()]})["document"] == {
        "created": 1
    }


def test_a_repeated_description_in_a_batch_is_written_once(counts):
    again = visit(note(), encounter=encounter("e2")) | {"documents": []}
    assert counts(visit(note()), again, again | {"patient": {"id": "p1", "first_name": "Vera"}}) == {
        "line": {"read": 3},
        "patient": {"created": 1, "unchanged": 1, "conflict_no_version": 1},
        "encounter": {"created": 2, "unchanged": 1},
        "document": {"created": 1},
    }


def test_a_faulty_line_is_skipped_completely_and_the_others_are_imported(bring):
    faulty = visit(note(), transcript(turns=[{}]), patient="p2", encounter=encounter("e2"))
    report = bring(faulty, b"{", visit(note()))
    assert report["counts"] == {"line": {"rejected": 2, "read": 1}} | {
        name: {"created": 1} for name in ("patient", "encounter", "document")
    }
    assert [(each["line"], each["at"]) for each in report["issues"]] == [(1, "documents[1].turns[0].speaker"), (2, "")]
    assert report["issues"][1]["todo"] == "Write one JSON object per line, in UTF-8."


def test_a_line_that_is_too_long_is_a_fault(issues, monkeypatch):
    monkeypatch.setattr(run.lines, "LONGEST_LINE", 2_000)
    assert issues(visit(note(content="x" * 3_000)), visit()) == [("", "Write at most 16 MiB per line.")]


def test_a_withdrawn_record_is_not_served_until_it_is_described_again(counts, organization):
    counts(visit(note(), transcript()))
    gone = {"id": "t1", "schema_type": "ambient_transcript", "withdrawn": True}
    assert counts(visit(gone))["document"] == {"withdrawn": 1}
    assert Document.objects.get(schema_type="ambient_transcript").withdrawn_at
    assert Encounter.objects.get().encounter_type == "clinical_documentation"
    assert counts(visit(transcript()))["document"] == {"stale": 1}
    assert counts(visit(transcript(**NEWER)))["document"] == {"updated": 1}


def test_a_withdrawn_encounter_is_not_served(counts, organization):
    counts(visit(note()))
    assert counts({"encounter": {"id": "e1", "withdrawn": True}})["encounter"] == {"withdrawn": 1}
    assert not Encounter.objects.for_organization(organization).served().exists()


def test_an_encounter_without_a_patient_and_a_status(counts):
    counts({"encounter": {"id": "e1", "status": None}})
    assert (Encounter.objects.get().patient, Encounter.objects.get().status) == (None, "unknown")


@pytest.mark.parametrize(("option", "is_service"), [("import", False), ("service", True)])
def test_created_at_is_the_time_of_import_unless_the_service_is_asked_for(bring, option, is_service):
    bring(visit(), options=["--created-at", option])
    found = Encounter.objects.get()
    assert (found.created_at == found.date_of_service) is is_service


def test_a_dry_run_writes_nothing(bring, recordings_folder, recording):
    report = bring(visit(note(), transcript(audio=recording)), options=["--dry-run"])
    assert report["counts"]["document"] == {"created": 2}
    assert not Encounter.objects.exists()
    assert not recordings_folder.exists()


@pytest.mark.parametrize(("name", "limit"), [("BATCH_ROWS", 6), ("BATCH_WEIGHT", 1_500)])
def test_batches_are_of_bounded_size(counts, monkeypatch, name, limit):
    sizes = []
    write_rows = store.write
    monkeypatch.setattr(run, name, limit)
    monkeypatch.setattr(rows, name, limit)
    monkeypatch.setattr(store, "write", lambda *given: sizes.append(len(given[2])) or write_rows(*given))
    lines = [visit(transcript(f"t{n}"), patient=f"p{n}", encounter=encounter(f"e{n}")) for n in range(5)]
    assert counts(*lines)["document"] == {"created": 5}
    assert max(sizes) == 2


def test_a_batch_is_written_whole_or_not_at_all(bring, monkeypatch):
    write_rows = store.write

    def fail_at_documents(job, clock, batch):
        if batch[0].type == "DocumentReference":
            raise RuntimeError
        return write_rows(job, clock, batch)

    monkeypatch.setattr(store, "write", fail_at_documents)
    with pytest.raises(RuntimeError):
        bring(visit(note()))
    assert not Encounter.objects.exists()


def test_statements_do_not_grow_with_the_lines(bring):
    def statements(number):
        lines = [visit(note(f"n{number}{n}"), encounter=encounter(f"e{number}{n}")) for n in range(number)]
        with CaptureQueriesContext(connection) as captured:
            bring(*lines)
        return len(captured)

    few = statements(3)
    assert statements(30) <= few


def test_files_of_a_folder_come_in_order(run_import, tmp_path):
    folder = tmp_path / "visits"
    folder.mkdir()
    write(folder / "b.ndjson.gz", {"encounter": {"id": "e1"}, "documents": [note()]})
    write(folder / "a.ndjson", visit())
    (folder / "notes.txt").write_text("{")
    assert run_import(folder)["counts"]["document"] == {"created": 1}
