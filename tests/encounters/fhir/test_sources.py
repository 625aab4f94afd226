import json
from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError

from encounters.fhir import sources
from encounters.fhir.sources import DELETIONS, PHASES


def touch(folder, *names):
    for name in names:
        (folder / name).touch()
    return folder


def manifest(folder, **members):
    content = {"transactionTime": "2026-06-01T00:00:00Z", "output": [], "deleted": []} | members
    (folder / "manifest.json").write_text(json.dumps(content))
    return folder


def found(path):
    return [(file.name, file.phases) for file in sources.find(path).files]


def test_a_folder_holds_the_four_types_and_nothing_else(tmp_path):
    names = ["Patient.ndjson", "Encounter.000.ndjson.gz", "Encounter.001.ndjson.gz", "Patient2.ndjson"]
    touch(tmp_path, *names, "OrganizationAffiliation.ndjson", "log.ndjson.gz", "Patient.json", "Patient.ndjson.bak")
    assert [name for name, _ in found(tmp_path)] == sorted(names)
    assert found(tmp_path)[-1] == ("Patient2.ndjson", ("Patient",))


def test_a_manifest_names_the_files_with_or_without_gz(tmp_path):
    touch(tmp_path, "a.ndjson.gz", "b.ndjson", "c d.ndjson", "Patient.ndjson")
    urls = ["https://example.org/x/a.ndjson?token=1", "../b.ndjson.gz", "c%20d.ndjson"]
    manifest(
        tmp_path,
        output=[*({"type": "Patient", "url": url} for url in urls), {"type": "Observation", "url": "gone.ndjson"}],
        deleted=[{"type": "Bundle", "url": "b.ndjson"}],
    )
    patients = [(name, ("Patient",)) for name in ("a.ndjson.gz", "b.ndjson", "c d.ndjson")]
    assert found(tmp_path) == [*patients, ("b.ndjson", (DELETIONS,))]
    assert found(tmp_path / "manifest.json") == found(tmp_path)


def test_the_transaction_time_is_the_manifests(tmp_path):
    assert sources.find(manifest(tmp_path)).transaction_time == datetime(2026, 6, 1, tzinfo=UTC)
    assert sources.find(touch(tmp_path, "a.ndjson") / "a.ndjson").transaction_time is None


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
    export = sources.find(touch(tmp_path, name) / name)
    assert export.name == name
    assert [(file.phases, file.is_one_document) for file in export.files] == [(phases, is_one_document)]


def test_the_size_is_what_will_be_read(tmp_path):
    (tmp_path / "Patient.ndjson").write_bytes(b"12345")
    (tmp_path / "bundle.json").write_bytes(b"12345")
    assert sources.find(tmp_path).size() == 5
    assert sources.find(tmp_path / "bundle.json").size() == 5 * len(PHASES)


@pytest.mark.parametrize("url", ["https://example.org/gone.ndjson", "", "..", "folder/", None, 7, "a\x00.ndjson"])
def test_a_file_that_the_manifest_names_must_be_there(tmp_path, url):
    (tmp_path / "folder").mkdir()
    manifest(tmp_path, output=[{"type": "Patient", "url": url}])
    with pytest.raises(ValidationError, match="not in the folder"):
        sources.find(tmp_path)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"output": {}}', "[" * 200_000])
def test_a_manifest_must_be_one(tmp_path, content):
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(ValidationError, match="not a Bulk Data manifest"):
        sources.find(tmp_path)


def test_a_manifest_must_tell_its_time(tmp_path):
    with pytest.raises(ValidationError, match="transactionTime"):
        sources.find(manifest(tmp_path, transactionTime="2026-06-01"))


def test_a_folder_without_anything_to_import_is_refused(tmp_path):
    with pytest.raises(ValidationError, match=r"no <Type>\.ndjson"):
        sources.find(touch(tmp_path, "Observation.ndjson"))


def test_a_path_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ValidationError, match=r"Cannot read gone\.ndjson: No such file"):
        sources.find(tmp_path / "gone.ndjson")
