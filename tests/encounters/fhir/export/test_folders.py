import json
import os
from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError

from encounters.fhir.export import folders
from encounters.importing.codes import Code
from encounters.importing.reading.files import DELETIONS, PHASES

ODD = ["a\x00.ndjson", "https://[broken/a", "\ud800.ndjson", "x" * 5000, "a" + "/x" * 5000, "a/%00"]


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    return folder


def manifest(folder, **members):
    content = {"transactionTime": "2026-06-01T00:00:00Z", "output": [], "deleted": []} | members
    (folder / "manifest.json").write_text(json.dumps(content))
    return folder


def found(path):
    return [(file.name, file.phases) for file in folders.find_export(path).files]


def told(path):
    return [(each.code, each.file) for each in folders.find_export(path).omissions]


@pytest.mark.parametrize(
    ("name", "phases"),
    [
        ("Patient.ndjson", ("Patient",)),
        ("Encounter.000.ndjson.gz", ("Encounter",)),
        ("1.Encounter.ndjson", ("Encounter",)),
        ("Patient2.ndjson", ("Patient",)),
        ("job7_Encounter_1.ndjson", ("Encounter",)),
        ("encounter.jsonl", ("Encounter",)),
        ("DOCUMENTREFERENCE.NDJSON.GZ", ("DocumentReference",)),
        ("Binary-1.ndjson", ("Binary",)),
        ("Ina_Example.json", PHASES),
        ("bundle.JSON.gz", PHASES),
        *((name, None) for name in ("OrganizationAffiliation.ndjson", "log.ndjson.gz", "Patient.ndjson.bak")),
        *((name, None) for name in ("Patients.ndjson", "encounterhistory.ndjson", "1.ndjson", "x.Patient.ndjson")),
    ],
)
def test_a_file_is_read_if_its_name_says_its_type_and_reported_otherwise(tmp_path, name, phases):
    touch(tmp_path, "Organization.ndjson", name)
    assert dict(found(tmp_path)).get(name) == phases
    assert told(tmp_path) == ([] if phases else [(Code.FILE_NOT_READ, name)])


def test_a_folder_can_contain_deletions_and_errors(tmp_path):
    touch(
        tmp_path, "Patient.ndjson", "deleted/1.Bundle.ndjson", "deleted/x.txt", "error/1.OperationOutcome.ndjson", "a/b"
    )
    (tmp_path / "Encounter.ndjson").mkdir()
    assert found(tmp_path) == [("Patient.ndjson", ("Patient",)), ("deleted/1.Bundle.ndjson", (DELETIONS,))]
    assert told(tmp_path) == [
        (Code.FILE_NOT_READ, "a/b"),
        (Code.FILE_NOT_READ, "deleted/x.txt"),
        (Code.EXPORT_ERRORS, "error/1.OperationOutcome.ndjson"),
    ]


def test_a_reported_name_is_printable(tmp_path):
    touch(tmp_path, "Patient.ndjson", "a\x1b[2J\n", os.fsdecode(b"\xff"))
    assert told(tmp_path) == [(Code.FILE_NOT_READ, "a\ufffd[2J\ufffd"), (Code.FILE_NOT_READ, "\ufffd")]


def test_a_manifest_names_the_files_with_or_without_gz(tmp_path):
    touch(tmp_path, "a.ndjson.gz", "b.ndjson", "c d.ndjson", "Patient.ndjson")
    touch(tmp_path, "deleted.ndjson")
    urls = ["https://example.org/x/a.ndjson?token=1", "../b.ndjson.gz", "c%20d.ndjson"]
    manifest(
        tmp_path,
        output=[*({"type": "Patient", "url": url} for url in urls), {"type": "Observation", "url": "gone.ndjson"}],
        deleted=[{"type": "Bundle", "url": "deleted.ndjson"}],
    )
    patients = [(name, ("Patient",)) for name in ("a.ndjson.gz", "b.ndjson", "c d.ndjson")]
    assert found(tmp_path) == [*patients, ("deleted.ndjson", (DELETIONS,))]
    assert found(tmp_path / "manifest.json") == found(tmp_path)
    assert told(tmp_path) == [(Code.FILE_NOT_READ, "Patient.ndjson")]


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        ({"url": "https://example.org/Binary/7", "destination": "1.Patient.ndjson"}, "1.Patient.ndjson"),
        ({"url": "https://example.org/job/part/x.ndjson"}, "part/x.ndjson"),
        ({"url": "https://example.org/job/other/x.ndjson"}, "x.ndjson"),
        ({"url": "x.ndjson", "destination": "../part/x.ndjson"}, "part/x.ndjson"),
        ({"url": "x.ndjson", "destination": "gone.ndjson"}, "x.ndjson"),
        ({"url": "https://example.org/Patient.json"}, "Patient.json"),
    ],
)
def test_an_output_is_found_by_its_destination_or_the_end_of_its_url(tmp_path, entry, name):
    touch(tmp_path, "1.Patient.ndjson", "x.ndjson", "part/x.ndjson", "Patient.json")
    (file,) = folders.find_export(manifest(tmp_path, output=[{"type": "Patient"} | entry])).files
    assert (file.name, file.is_one_document) == (name, False)


@pytest.mark.parametrize("url", ["part.ndjson", "https://example.org/deleted/part.ndjson"])
def test_deletions_are_read_from_their_folder_and_never_from_an_output(tmp_path, url):
    touch(tmp_path, "part.ndjson")
    members = {"output": [{"type": "Patient", "url": "part.ndjson"}], "deleted": [{"type": "Bundle", "url": url}]}
    with pytest.raises(ValidationError, match=r"part\.ndjson, which is not in the folder"):
        folders.find_export(manifest(tmp_path, **members))
    touch(tmp_path, "deleted/part.ndjson")
    assert found(tmp_path) == [("part.ndjson", ("Patient",)), ("deleted/part.ndjson", (DELETIONS,))]


@pytest.mark.parametrize("entry", [{}, {"type": "Bundle"}])
def test_an_output_without_a_type_can_contain_anything(tmp_path, entry):
    manifest(touch(tmp_path, "1.ndjson"), output=[{"url": "1.ndjson"} | entry], outputOrganizedBy="Patient")
    assert found(tmp_path) == [("1.ndjson", PHASES)]


def test_a_binary_that_a_manifest_names_may_be_absent(tmp_path):
    manifest(touch(tmp_path, "b1"), output=[{"type": "Binary", "url": url} for url in ("b1", "b2")])
    assert found(tmp_path) == [("b1", ("Binary",))]


@pytest.mark.parametrize(("count", "expected"), [(7, 7), (None, None), ("7", None)])
def test_a_manifest_can_say_how_many_resources_a_file_has(tmp_path, count, expected):
    manifest(touch(tmp_path, "a"), output=[{"type": "Patient", "url": "a", "count": count}])
    assert folders.find_export(tmp_path).files[0].count == expected


def test_missing_parts_in_a_manifest_are_reported(tmp_path):
    errors = [{"type": "OperationOutcome", "url": "https://example.org/e.ndjson"}, {}]
    manifest(tmp_path, error=errors, link=[{"relation": "self", "url": "a"}, {"relation": "next", "url": "b"}])
    assert told(tmp_path) == [
        (Code.EXPORT_ERRORS, "e.ndjson"),
        (Code.EXPORT_ERRORS, "manifest.json"),
        (Code.MORE_PAGES, "manifest.json"),
    ]


def test_the_transaction_time_is_the_manifests(tmp_path):
    assert folders.find_export(manifest(tmp_path)).transaction_time == datetime(2026, 6, 1, tzinfo=UTC)
    assert folders.find_export(touch(tmp_path, "a.ndjson") / "a.ndjson").transaction_time is None


@pytest.mark.parametrize(
    ("name", "phases", "is_one_document"),
    [
        ("Encounter.ndjson", ("Encounter",), False),
        ("anything.ndjson.gz", PHASES, False),
        ("bundle.json", PHASES, True),
        ("Patient.JSON.gz", PHASES, True),
    ],
)
def test_a_single_file_is_known_by_its_name(tmp_path, name, phases, is_one_document):
    export = folders.find_export(touch(tmp_path, name) / name)
    assert export.name == name
    assert [(file.phases, file.is_one_document) for file in export.files] == [(phases, is_one_document)]


def test_the_size_is_the_number_of_bytes_to_read(tmp_path):
    (tmp_path / "Patient.ndjson").write_bytes(b"12345")
    assert folders.find_export(tmp_path).size() == 5
    (tmp_path / "bundle.json").write_bytes(b"12345")
    assert folders.find_export(tmp_path / "bundle.json").size() == 5 * len(PHASES)


@pytest.mark.parametrize("url", ["https://example.org/gone.ndjson", "", "..", "folder/", None, 7, *ODD])
def test_a_file_that_the_manifest_lists_must_exist(tmp_path, url):
    (tmp_path / "folder").mkdir()
    manifest(touch(tmp_path, "a"), output=[{"type": "Patient", "url": url}])
    with pytest.raises(ValidationError, match="not in the folder") as refusal:
        folders.find_export(tmp_path)
    assert all(each.isprintable() for each in refusal.value.messages)


def test_a_file_is_found_by_the_end_of_a_very_deep_url(tmp_path):
    url = "https://example.org" + "/x" * 5_000 + "/folder/Patient.ndjson"
    manifest(touch(tmp_path, "folder/Patient.ndjson"), output=[{"type": "Patient", "url": url}])
    assert [file.name for file in folders.find_export(tmp_path).files] == ["folder/Patient.ndjson"]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"output": {}}', "[" * 200_000])
def test_a_manifest_must_be_valid(tmp_path, content):
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(ValidationError, match="not a Bulk Data manifest"):
        folders.find_export(tmp_path)


def test_a_manifest_must_have_a_transaction_time(tmp_path):
    with pytest.raises(ValidationError, match="transactionTime"):
        folders.find_export(manifest(tmp_path, transactionTime="2026-06-01"))


def test_a_folder_without_anything_to_import_is_refused(tmp_path):
    with pytest.raises(ValidationError, match=r"no <Type>\.ndjson"):
        folders.find_export(touch(tmp_path, "Observation.ndjson"))


def test_a_missing_path_is_refused(tmp_path):
    with pytest.raises(ValidationError, match=r"Can't read gone\.ndjson: No such file"):
        folders.find_export(tmp_path / "gone.ndjson")
