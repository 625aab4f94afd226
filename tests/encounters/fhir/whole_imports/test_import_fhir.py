"""The command: what it accepts, prints and refuses."""

import gzip
import json
from io import StringIO

import pytest
from django import db
from django.core.management import CommandError, call_command

from encounters.importing.writing import store
from encounters.models import Encounter, SourceRecord
from tests.encounters.fhir.exports import encounter, ndjson, patient, write


@pytest.fixture
def command(organization):
    def run(path, *options, organization=organization.name):
        out, err = StringIO(), StringIO()
        arguments = ["--organization", organization, "--record-class", "demo", *options]
        call_command("import_fhir", str(path), *arguments, stdout=out, stderr=err)
        return out.getvalue()

    return run


def test_the_summary_is_a_table_after_the_issues(command, tmp_path):
    write(tmp_path / "a", patient(birthDate=None), patient("p2"), encounter(), encounter("e2", patient="Patient/p9"))
    assert command(tmp_path / "a") == (
        "warning  Patient.000.ndjson:1  Patient/p1  no_birth_date\n"
        "error    Encounter.000.ndjson:2  Encounter/e2  unresolved_patient\n"
        "\n"
        "type       created  rejected\n"
        "Patient    2        0\n"
        "Encounter  1        1\n"
        "\n"
        "        1  no_birth_date\n"
        "        1  unresolved_patient\n"
    )


@pytest.mark.postgresql
def test_a_dry_run_says_so(command, tmp_path):
    assert command(write(tmp_path / "a", patient()), "--dry-run").endswith("\n\nDry run: nothing was written.\n")


def test_issues_that_are_not_listed_are_counted(command, tmp_path):
    (tmp_path / "Patient.ndjson").write_bytes(b"{\n" * 1003 + ndjson(patient()))
    printed = command(tmp_path)
    assert (
        "error    Patient.ndjson:1000  Patient/?  invalid_json\n… and 3 more, included in the counts below\n" in printed
    )
    assert "     1003  invalid_json" in printed


def test_json_has_the_same_report_for_machines(command, organization, tmp_path):
    report = json.loads(command(write(tmp_path / "a", patient()), "--json"))
    assert report == {
        "organization_id": organization.public_id,
        "source": "a",
        "dry_run": False,
        "counts": {"Patient": {"created": 1}},
        "codes": {},
        "issues": [],
        "issues_not_listed": 0,
        "unreadable_files": [],
    }


def test_the_source_defaults_to_the_name_of_the_path(command, tmp_path):
    path = write(tmp_path / "a", patient())
    command(path)
    command(path / "Patient.000.ndjson")
    command(path, "--source", " Invented Server ")
    assert set(SourceRecord.objects.values_list("source", flat=True)) == {"a", "Patient.000.ndjson", "Invented Server"}


@pytest.mark.parametrize("source", ["", " ", "x" * 201, "a\nb", "a\x00"])
def test_a_source_must_have_a_name(command, tmp_path, source):
    with pytest.raises(CommandError, match="--source"):
        command(write(tmp_path / "a", patient()), "--source", source)


def test_an_unknown_organization_is_refused(command, tmp_path):
    with pytest.raises(CommandError, match="No organization"):
        command(write(tmp_path / "a", patient()), organization="Nobody")


def test_an_unreadable_path_is_refused(command, tmp_path):
    with pytest.raises(CommandError, match="Can't read gone"):
        command(tmp_path / "gone")


@pytest.mark.parametrize("missing", ["--organization", "--record-class"])
def test_organization_and_record_class_have_no_default(db, tmp_path, missing):
    given = {"--organization": "x", "--record-class": "demo"}
    del given[missing]
    with pytest.raises(CommandError, match=missing):
        call_command("import_fhir", str(tmp_path), *(text for pair in given.items() for text in pair))


def test_a_truncated_file_is_imported_as_far_as_it_goes_and_is_an_error(command, tmp_path):
    packed = gzip.compress(ndjson(*(patient(f"p{number}") for number in range(5000))))
    (tmp_path / "Patient.ndjson.gz").write_bytes(packed[:-30])
    with pytest.raises(CommandError, match=r"Not read completely: Patient\.ndjson\.gz\."):
        command(tmp_path)
    assert SourceRecord.objects.count() > 1000


def test_a_file_that_gives_nothing_is_an_error(command, tmp_path):
    (tmp_path / "Patient.ndjson").write_bytes(ndjson(encounter(), patient(None)))
    with pytest.raises(CommandError, match=r"Not read completely: Patient\.ndjson\."):
        command(tmp_path)


def test_an_issue_with_a_whole_file_has_no_line(command, tmp_path):
    write(tmp_path / "a", patient(), {"resourceType": "Observation"})
    assert command(tmp_path / "a").startswith("warning  Observation.000.ndjson  file_not_read\n\n")


def test_a_database_error_is_reported_in_our_words(command, tmp_path, monkeypatch):
    def fail(*arguments):
        raise db.DataError("Failing row contains (Ina, Example).")

    monkeypatch.setattr(store, "write", fail)
    with pytest.raises(CommandError, match="Run the same command again") as refusal:
        command(write(tmp_path / "a", patient()))
    assert "Ina" not in str(refusal.value)


def test_no_issue_holds_a_name_or_a_text(command, tmp_path):
    bad = [patient("Ina Example"), encounter(status="Example", patient="Patient/Ina"), patient("p2", birthDate="Ina")]
    printed = command(write(tmp_path / "a", *bad))
    assert "invalid_id" in printed
    assert "Ina" not in printed
    assert "Example" not in printed
    assert not Encounter.objects.exists()


class Terminal(StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("terminal", "options", "shown"), [(Terminal(), [], True), (Terminal(), ["--json"], False), (StringIO(), [], False)]
)
def test_progress_is_shown_only_on_a_terminal(command, tmp_path, monkeypatch, terminal, options, shown):
    monkeypatch.setattr("sys.stderr", terminal)
    command(write(tmp_path / "a", patient()), *options)
    assert ("%|" in terminal.getvalue()) is shown
