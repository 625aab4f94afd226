from datetime import UTC, datetime

import pytest

from encounters.fhir.mapping.document import _seconds
from encounters.importing.codes import Code
from encounters.importing.reading.limits import LONGEST_DURATION
from tests.encounters.fhir.exports import attachment, document

AUDIO = {"contentType": "audio/mpeg", "url": "https://example.org/recording"}
DURATION = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Attachment.duration"


def test_a_note_is_a_document(map_resource):
    found = map_resource(document())
    assert found.warnings == []
    assert found.values == {
        "schema_type": "document",
        "title": "Note",
        "status": "completed",
        "audio_duration_seconds": None,
        "content": "An invented note.",
        "created_at": datetime(2026, 5, 25, 11, tzinfo=UTC),
    }


@pytest.mark.parametrize(
    ("elements", "status"),
    [
        ({"docStatus": "preliminary"}, "draft"),
        ({"docStatus": "final"}, "completed"),
        ({"docStatus": "amended"}, "amended"),
        ({"docStatus": None}, None),
        ({"docStatus": "final", "status": "superseded"}, "superseded"),
    ],
)
def test_every_status_has_ours(map_resource, elements, status):
    found = map_resource(document(**elements))
    assert (found.values["status"], found.withdrawn, found.warnings) == (status, False, [])


@pytest.mark.parametrize("written", ["final ", 7, []])
def test_an_unknown_status_is_null_with_a_warning(map_resource, written):
    found = map_resource(document(docStatus=written))
    assert (found.values["status"], found.warnings) == (None, [Code.UNRECOGNIZED_STATUS])


@pytest.mark.parametrize("element", ["status", "docStatus"])
def test_entered_in_error_in_either_status_is_withdrawn(map_resource, element):
    assert map_resource(document(**{element: "entered-in-error"})).withdrawn


@pytest.mark.parametrize(
    ("elements", "title"),
    [
        ({"description": " Visit "}, "Visit"),
        ({"content": [{"attachment": attachment(title="Attached")}]}, "Attached"),
        ({"type": {"text": "Typed", "coding": [{"display": "Coded"}]}}, "Typed"),
        ({"type": {"coding": [{"code": "1"}, {"display": "Coded"}]}}, "Coded"),
        ({}, None),
    ],
)
def test_the_title_is_the_first_of_four_places(map_resource, elements, title):
    found = map_resource(document(**{"description": None} | elements))
    assert found.values["title"] == title


@pytest.mark.parametrize(
    ("elements", "schema_type"),
    [
        ({"content": [{"attachment": AUDIO}]}, "ambient_transcript"),
        ({"meta": {"tag": [{"system": "urn:chartero:tags", "code": "ambient_transcript"}]}}, "ambient_transcript"),
        ({"meta": {"tag": [{"system": "urn:other", "code": "ambient_transcript"}]}}, "document"),
        ({"meta": {"tag": [{"system": "urn:chartero:tags", "code": "other"}]}}, "document"),
    ],
)
def test_a_recording_or_our_tag_makes_a_transcript(map_resource, elements, schema_type):
    assert map_resource(document(**elements)).values["schema_type"] == schema_type


def test_without_the_date_of_r4_that_of_stu3_is_read_with_a_warning(map_resource):
    found = map_resource(document(date=None, indexed="2020-01-01T00:00:00Z"))
    assert (found.values["created_at"].year, found.warnings) == (2020, [Code.OTHER_FHIR_VERSION])
    found = map_resource(document(indexed="2020-01-01T00:00:00Z"))
    assert (found.values["created_at"].year, found.warnings) == (2026, [])


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ({"valueDecimal": 842.4}, 842.4),
        ({"valueInteger": 842}, 842.0),
        ({"valueDecimal": 0}, 0.0),
        ({"valueDecimal": -1}, None),
        ({"valueDecimal": float("inf")}, None),
        ({"valueInteger": 10**400}, None),
        ({"valueDecimal": True}, None),
        ({"valueDecimal": "842.4"}, None),
        ({}, None),
    ],
)
def test_the_duration_comes_from_the_recordings_extension(map_resource, value, seconds):
    file = AUDIO | {"extension": [{"url": "other"}, {"url": DURATION} | value]}
    found = map_resource(document(content=[{"attachment": file}]))
    assert found.values["audio_duration_seconds"] == seconds
    assert found.warnings == ([Code.INVALID_DURATION] if seconds is None else [])


def test_only_replaced_documents_are_read_from_relations(map_resource):
    relations = [
        {"code": "replaces", "target": {"reference": "DocumentReference/d0"}},
        {"code": "appends", "target": {"reference": "DocumentReference/d9"}},
        {"code": "replaces", "target": {"display": "a note"}},
    ]
    assert [each.id for each in map_resource(document(relatesTo=relations)).replaces] == ["d0"]


@pytest.mark.parametrize(
    ("seconds", "read"), [(-0.001, False), (0, True), (LONGEST_DURATION, True), (LONGEST_DURATION + 1, False)]
)
def test_the_longest_duration(seconds, read):
    assert (_seconds(seconds) is not None) == read
