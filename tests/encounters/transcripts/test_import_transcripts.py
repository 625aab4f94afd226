"""The command: what it accepts, prints and refuses."""

import gzip
import json
from io import StringIO

import pytest
from django import db
from django.core.management import CommandError, call_command

from encounters.importing.writing import store
from encounters.models import Encounter
from tests.encounters.transcripts.visits import encounter, note, transcript, visit, write


@pytest.fixture
def command(organization):
    def run(path, *options):
        out = StringIO()
        arguments = ["--organization", organization.name, "--record-class", "demo", *options]
        call_command("import_transcripts", str(path), *arguments, stdout=out)
        return out.getvalue()

    return run


def test_the_summary_is_a_table_after_the_faults(command, tmp_path):
    faulty = visit(note(), transcript(turns=[{"speaker": "Doctor", "start": "0:00"}]))
    unknown = {"encounter": {"id": "e9"}, "documents": [note("n9")]}
    path = write(tmp_path / "visits.ndjson", visit(note()), faulty, b"[]", unknown)
    assert command(path) == (
        "visits.ndjson:2  documents[1].turns[0].start  seconds from the start of the recording, 0 or more\n"
        "visits.ndjson:3  an object\n"
        "visits.ndjson:4  document n9  No encounter with this id is known from this source. Describe it "
        "with more than its "
        "id, on this line or on one that is imported earlier.\n"
        "\n"
        "type       created  rejected  read\n"
        "line       0        2         2\n"
        "patient    1        0         0\n"
        "encounter  1        0         0\n"
        "document   1        1         0\n"
    )


def test_json_has_the_same_report_for_machines(command, organization, tmp_path):
    report = json.loads(command(write(tmp_path / "visits.ndjson", {"encounter": encounter()}), "--json"))
    assert report == {
        "organization_id": organization.public_id,
        "source": "visits.ndjson",
        "dry_run": False,
        "counts": {"line": {"read": 1}, "encounter": {"created": 1}},
        "issues": [],
        "issues_not_listed": 0,
        "unreadable_files": [],
    }


def test_faults_that_are_not_listed_are_counted(command, tmp_path):
    printed = command(write(tmp_path / "visits.ndjson", *[b"{"] * 1003, visit()))
    assert (
        "visits.ndjson:1000  Write one JSON object per line, in UTF-8.\n… and 3 more, included in the counts below\n"
        in printed
    )


def test_a_truncated_file_is_imported_as_far_as_it_goes_and_is_an_error(command, tmp_path):
    path = write(tmp_path / "visits.ndjson", *(visit(note(content=f"{n}" * n)) for n in range(2000)))
    path.write_bytes(gzip.compress(path.read_bytes())[:-30])
    with pytest.raises(CommandError, match=r"Not read completely: visits\.ndjson\."):
        command(path)
    assert Encounter.objects.exists()


@pytest.mark.parametrize("content", [b"[]", b'{"encounter": {"id": "e1"', b"\x00" * 9])
def test_a_file_that_gives_nothing_is_an_error(command, tmp_path, content):
    (tmp_path / "visits.ndjson").write_bytes(content)
    with pytest.raises(CommandError, match=r"Not read completely: visits\.ndjson\."):
        command(tmp_path / "visits.ndjson")


def test_a_file_whose_last_line_is_cut_is_an_error(command, tmp_path):
    path = write(tmp_path / "visits.ndjson", visit(), visit())
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(CommandError, match=r"Not read completely: visits\.ndjson\."):
        command(path)
    assert Encounter.objects.exists()


def test_every_file_of_a_folder_is_read_or_named(command, tmp_path):
    for name in ("a.ndjson", "b.JSONL", "c.NDJSON.gz"):
        write(tmp_path / name, {"encounter": {"id": f"of-{name[0]}", "status": "completed"}})
    for name in ("visits.json", "talk.wav"):
        (tmp_path / name).touch()
    (tmp_path / "folder.ndjson").mkdir()
    told = command(tmp_path).split("\n")
    assert told[:2] == [
        "visits.json  This file was not read. Rename it to end in .ndjson or .jsonl, or import it by its own path.",
        "",
    ]
    assert Encounter.objects.count() == 3


@pytest.mark.parametrize(("name", "told"), [("gone", "Can't read gone"), ("", "has no .ndjson or .jsonl")])
def test_nothing_to_import_is_refused(command, tmp_path, name, told):
    folder = tmp_path / "empty"
    folder.mkdir()
    with pytest.raises(CommandError, match=told):
        command(folder / name)


def test_a_database_error_is_reported_in_our_words(command, tmp_path, monkeypatch):
    def fail(*arguments):
        raise db.DataError("Failing row contains (Ina, Example).")

    monkeypatch.setattr(store, "write", fail)
    with pytest.raises(CommandError, match="Run the same command again") as refusal:
        command(write(tmp_path / "visits.ndjson", visit()))
    assert "Ina" not in str(refusal.value)
