import gzip
import json
from datetime import UTC, datetime

import pytest

from encounters.fhir import bundles
from encounters.fhir.items import OTHER, Item, ItemFault
from encounters.fhir.reading import read
from encounters.importing.codes import Code
from encounters.importing.reading.files import DELETIONS, PHASES, SourceFile
from tests.encounters.fhir.exports import bundle, deletion, encounter, ndjson, patient


def items(path, content: bytes, *phases):
    path.write_bytes(content)
    name = path.name
    is_one_document = ".json" in name
    file = SourceFile(path, name, phases or PHASES, is_one_document)
    return list(read(file, lambda size: None))


def told(things):
    return [
        (each.place.line, each.code if isinstance(each, ItemFault) else each.phase, each.type, each.id)
        for each in things
    ]


def test_each_line_is_a_resource(tmp_path):
    (item,) = items(tmp_path / "Patient.ndjson", ndjson(patient()), "Patient")
    assert isinstance(item, Item)
    assert (item.place.file, item.phase, item.id, item.body) == ("Patient.ndjson", "Patient", "p1", patient())


@pytest.mark.parametrize(
    ("line", "code", "resource_type"),
    [
        (b"{", Code.INVALID_JSON, "Patient"),
        (b"[]", Code.NOT_AN_OBJECT, "Patient"),
        (b'"x"', Code.NOT_AN_OBJECT, "Patient"),
        (b"{}", Code.WRONG_RESOURCE_TYPE, "Patient"),
        (ndjson(encounter()), Code.WRONG_RESOURCE_TYPE, "Patient"),
        (ndjson(bundle()), Code.WRONG_RESOURCE_TYPE, "Patient"),
        (ndjson(patient(resourceType=7)), Code.WRONG_RESOURCE_TYPE, "Patient"),
        (ndjson(patient(None)), Code.MISSING_ID, "Patient"),
        (ndjson(patient("")), Code.MISSING_ID, "Patient"),
        (ndjson(patient("a/b")), Code.INVALID_ID, "Patient"),
        (ndjson(patient("x" * 65)), Code.INVALID_ID, "Patient"),
        (ndjson(patient(7)), Code.INVALID_ID, "Patient"),
    ],
)
def test_a_line_that_is_not_of_the_files_type_is_a_fault_without_an_id(tmp_path, line, code, resource_type):
    things = items(
        tmp_path / "Patient.ndjson", ndjson(patient()) + line.rstrip() + b"\n" + ndjson(patient()), "Patient"
    )
    assert told(things)[1] == (2, code, resource_type, None)
    assert len(things) == 3


def test_a_mixed_file_contains_bundles_and_resources_of_any_type(tmp_path):
    content = ndjson(bundle({"resource": patient()}, deletion("Encounter/e9")), encounter(), {"resourceType": "Basic"})
    assert told(items(tmp_path / "all.ndjson", content)) == [
        (1, "Patient", "Patient", "p1"),
        (1, DELETIONS, "Encounter", "e9"),
        (2, "Encounter", "Encounter", "e1"),
        (3, OTHER, "Basic", "None"),
    ]


def test_a_fault_in_a_mixed_file_has_its_type_only_if_that_is_imported(tmp_path):
    content = ndjson(patient(None), {"resourceType": None}, b"{")
    assert [each.type for each in items(tmp_path / "all.ndjson", content)] == ["Patient", OTHER, OTHER]


def test_the_entries_of_a_document_are_counted(tmp_path):
    document = bundle({"resource": patient()}, {"response": {}}, 7, {"resource": 7}, deletion("Patient/p1"))
    assert told(items(tmp_path / "bundle.json", json.dumps(document).encode())) == [
        (1, "Patient", "Patient", "p1"),
        (2, OTHER, OTHER, ""),
        (3, Code.NOT_AN_OBJECT, OTHER, None),
        (4, Code.NOT_AN_OBJECT, OTHER, None),
        (5, DELETIONS, "Patient", "p1"),
    ]


@pytest.mark.parametrize(
    ("full_url", "source_id"),
    [("urn:uuid:a-1", "a-1"), ("https://example.org/Patient/a-1", "a-1"), ("urn:oid:1.2", None), (None, None)],
)
def test_a_new_resource_can_have_its_id_only_in_its_full_url(tmp_path, full_url, source_id):
    entry = {"fullUrl": full_url, "resource": patient(None)}
    (thing,) = items(tmp_path / "bundle.json", json.dumps(bundle(entry)).encode())
    assert thing.id == source_id


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (patient(), [(1, "Patient", "Patient", "p1")]),
        (bundle(), []),
        ({"resourceType": "Bundle"}, []),
        ({}, [(1, Code.WRONG_RESOURCE_TYPE, OTHER, None)]),
        ({"resourceType": "List", "id": "l", "entry": [{}]}, [(1, OTHER, "List", "l")]),
    ],
)
def test_a_document_may_be_a_single_resource(tmp_path, content, expected):
    assert told(items(tmp_path / "one.json", json.dumps(content).encode())) == expected


def test_a_broken_document_is_read_up_to_the_fault(tmp_path):
    content = json.dumps(bundle({"resource": patient()}, {"resource": encounter()})).encode()[:-20]
    assert told(items(tmp_path / "bundle.json", content)) == [
        (1, "Patient", "Patient", "p1"),
        (2, Code.INVALID_JSON, OTHER, None),
    ]


def test_lone_surrogates_skip_one_entry(tmp_path):
    document = bundle({"resource": patient(language="\ud800")}, {"resource": patient()})
    assert [each[1] for each in told(items(tmp_path / "bundle.json", json.dumps(document).encode()))] == [
        Code.INVALID_JSON,
        "Patient",
    ]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("Patient/p1", (1, DELETIONS, "Patient", "p1")),
        ("Organization/o1", (1, OTHER, "Organization", "o1")),
        ("Observation/x", (1, OTHER, "Observation", "x")),
        ("Patient?identifier=s|1", (1, Code.INVALID_DELETION, DELETIONS, None)),
        ("p1", (1, Code.INVALID_DELETION, DELETIONS, None)),
        (None, (1, Code.INVALID_DELETION, DELETIONS, None)),
    ],
)
def test_a_deletion_names_a_resource(tmp_path, url, expected):
    assert told(items(tmp_path / "deleted.ndjson", ndjson(bundle(deletion(url))), DELETIONS)) == [expected]


def test_a_file_of_deletions_contains_nothing_else(tmp_path):
    content = ndjson(bundle({"resource": patient()}), patient())
    things = items(tmp_path / "deleted.ndjson", content, DELETIONS)
    assert [each[1] for each in told(things)] == [Code.WRONG_RESOURCE_TYPE] * 2


def test_bundles_in_a_bundle_are_read_one_level_down(tmp_path):
    inner = bundle({"resource": encounter()}, deletion("Patient/p1"), {"resource": bundle({"resource": patient("p9")})})
    content = bundle({"resource": inner, "response": {"status": "200"}}, {"resource": patient()}, kind="batch-response")
    expected = [
        ("Encounter", "Encounter", "e1"),
        (DELETIONS, "Patient", "p1"),
        (Code.WRONG_RESOURCE_TYPE, OTHER, None),
        ("Patient", "Patient", "p1"),
    ]
    assert [each[1:] for each in told(items(tmp_path / "one.json", json.dumps(content).encode()))] == expected
    assert [each[1:] for each in told(items(tmp_path / "all.ndjson", ndjson(content)))] == expected


@pytest.mark.parametrize("relations", [["next"], ["self", "next"]])
def test_a_next_page_is_reported_once_for_each_bundle(tmp_path, relations):
    page = bundle({"resource": patient()}, kind="searchset") | {"link": [{"relation": each} for each in relations]}
    expected = [(1, "Patient", "Patient", "p1"), (1, Code.MORE_PAGES, OTHER, None)]
    assert told(items(tmp_path / "one.json", json.dumps(page).encode())) == expected
    assert told(items(tmp_path / "all.ndjson", ndjson(page))) == expected
    assert told(items(tmp_path / "outer.json", json.dumps(bundle({"resource": page})).encode())) == expected


def test_the_last_page_is_not_reported(tmp_path):
    page = bundle({"resource": patient()}, kind="searchset") | {"link": [{"relation": "self"}, 7]}
    assert len(items(tmp_path / "one.json", json.dumps(page).encode())) == 1


def test_an_entry_has_the_time_at_which_its_server_wrote_or_deleted_it(tmp_path):
    response = {"response": {"lastModified": "2026-02-02T00:00:00Z"}}
    gone = {"fullUrl": "https://a.example/Patient/p1"} | deletion("Patient/p1")
    content = bundle({"resource": patient()} | response, gone | response, gone, kind="history")
    found = items(tmp_path / "history.json", json.dumps(content).encode())
    assert [each.modified for each in found] == [datetime(2026, 2, 2, tzinfo=UTC)] * 2 + [None]
    assert (found[1].server is None, found[1].scope) == (False, "")


def test_a_duplicate_name_in_a_document_rejects_its_resource(tmp_path):
    content = b'{"resourceType": "Patient", "id": "p1", "id": "p2"}'
    assert told(items(tmp_path / "one.json", content)) == [(1, Code.INVALID_JSON, OTHER, None)]


def test_a_value_that_is_too_long_skips_its_entry_or_its_resource(tmp_path, monkeypatch):
    monkeypatch.setattr(bundles, "LONGEST_LINE", 100_000)
    long = patient(text="x" * 300_000)
    content = bundle({"resource": long}, {"resource": encounter()})
    assert told(items(tmp_path / "bundle.json", json.dumps(content).encode())) == [
        (1, Code.LINE_TOO_LONG, OTHER, None),
        (2, "Encounter", "Encounter", "e1"),
    ]
    assert told(items(tmp_path / "one.json", json.dumps(long).encode())) == [(1, Code.LINE_TOO_LONG, OTHER, None)]


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (ndjson(patient(), b"", patient("p2")), 2),
        (ndjson(patient()), 1),
        (json.dumps(bundle({"resource": patient()}, {"resource": patient("p2")}), indent=1).encode(), 2),
        (ndjson(bundle({"resource": patient()}, {"resource": patient("p2")})) + b"\n\n", 2),
        (ndjson(bundle({"resource": patient()}), bundle({"resource": patient("p2")})), 2),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_lines_in_a_file_named_as_a_document_are_read_as_lines(tmp_path, content, size, pack):
    found = items(tmp_path / "called.json", pack(content))
    assert [each.id for each in found] == ["p1", "p2"][:size]


@pytest.mark.parametrize(
    ("name", "content", "is_last"),
    [
        ("a.ndjson", b'{"a"', True),
        ("a.ndjson", b'{"a"\n', False),
        ("a.ndjson", b'{"a"\n{}', False),
        ("a.ndjson", b"\x00" * 9, True),
        ("a.json", b'{"a"', True),
        ("a.json", b'{"entry": [NaN]}', True),
        ("a.json", b'{"entry": [7]}', False),
    ],
)
def test_a_fault_that_ends_the_reading_is_marked_as_the_last(tmp_path, name, content, is_last):
    assert items(tmp_path / name, content)[0].is_last is is_last


@pytest.mark.parametrize("damage", [lambda packed: packed[:-30], lambda packed: packed[:-30] + b"\xff" * 30])
def test_a_damaged_gzip_is_read_up_to_the_fault(tmp_path, damage):
    packed = gzip.compress(ndjson(*(patient(f"p{number}") for number in range(5000))))
    *whole, last = items(tmp_path / "Patient.ndjson.gz", damage(packed), "Patient")
    assert len(whole) > 1000
    assert all(isinstance(each, Item) for each in whole)
    assert (last.code, last.place.line, last.is_last) == (Code.UNREADABLE_FILE, len(whole), True)


def test_a_damaged_gzip_of_one_document_is_a_fault_too(tmp_path):
    packed = gzip.compress(json.dumps(bundle(*({"resource": patient()} for _ in range(9000)))).encode())
    assert items(tmp_path / "bundle.json.gz", packed[:-30])[-1].code is Code.UNREADABLE_FILE
