"""Notes that are a Binary of the same export."""

import base64
import json

import pytest

from encounters.fhir import binaries
from encounters.models import Document
from tests.encounters.fhir.exports import bundle, document, encounter, patient, write


def binary(source_id="b1", text="The note.", content_type="text/plain", **elements):
    data = base64.b64encode(text.encode()).decode()
    return {"resourceType": "Binary", "id": source_id, "contentType": content_type, "data": data} | elements


def note(url="Binary/b1", **elements):
    return document(content=[{"attachment": {"contentType": "text/plain", "url": url} | elements}])


def visit(*others):
    return [patient(), encounter(), *others]


def test_a_binary_of_the_folder_is_the_text_of_a_note(run_import, tmp_path):
    report = run_import(write(tmp_path / "a", *visit(note(), binary())))
    assert (report["counts"]["Binary"], report["codes"]) == ({"read": 1}, {})
    assert Document.objects.get().content == "The note."


@pytest.mark.parametrize("url", ["Binary/b1", "https://a.example/Binary/b1", "https://a.example/Binary/b1/_history/2"])
def test_a_binary_of_the_bundle_is_known_by_its_full_url(run_import, tmp_path, url):
    entries = [
        {"fullUrl": f"https://a.example/{each['resourceType']}/{each['id']}", "resource": each}
        for each in visit(note(url), binary())
    ]
    (tmp_path / "b.json").write_text(json.dumps(bundle(*entries)))
    assert run_import(tmp_path / "b.json")["codes"] == {}
    assert Document.objects.get().content == "The note."


@pytest.mark.parametrize(
    "found",
    [
        [],
        [binary("b2")],
        [binary(data=None)],
        [binary(contentType=None)],
        [binary(content_type="application/pdf")],
        [binary(text="x" * binaries.LONGEST_DATA)],
        [binary(), binary(text="Another note of the same id.")],
        [binary("no_id"), binary("b2")],
    ],
)
def test_without_a_binary_of_text_the_note_stays_a_url(run_import, tmp_path, found):
    report = run_import(write(tmp_path / "a", *visit(note(), *found)))
    assert report["codes"].pop("content_by_url") == 1
    assert set(report["codes"]) <= {"invalid_id"}
    assert Document.objects.get().content is None


def test_the_media_type_is_the_binarys(run_import, tmp_path):
    run_import(write(tmp_path / "a", *visit(note(), binary(text="<p>Rest.</p>", content_type="text/html"))))
    assert Document.objects.get().content == "Rest."


def test_the_notes_own_data_comes_before_a_binary(run_import, tmp_path):
    own = base64.b64encode(b"Its own.").decode()
    run_import(write(tmp_path / "a", *visit(note(data=own), binary())))
    assert Document.objects.get().content == "Its own."


def test_a_reference_to_another_type_is_not_a_binary(run_import, tmp_path):
    elements = {"content": [{"attachment": 7}, {"attachment": {"url": "Patient/p1"}}, {"attachment": {"url": "#b1"}}]}
    assert run_import(write(tmp_path / "a", *visit(document(**elements), binary())))["codes"] == {"content_by_url": 1}
