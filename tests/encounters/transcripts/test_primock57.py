"""57 mock consultations of PriMock57 (Babylon Health, CC BY 4.0), imported from the JSON format and read by a
partner."""

import json
from operator import itemgetter

import pytest

from benchmarks.primock57 import consultations
from encounters.models import Document
from tests.api import LIST

pytestmark = pytest.mark.samples


@pytest.fixture
def lines(samples) -> list[dict]:
    return list(consultations(samples / "ambient-primock57.tar.gz"))


def test_every_consultation_is_imported_and_a_second_run_changes_nothing(bring, lines):
    report = bring(*lines)
    assert report["issues"] == []
    assert report["counts"] == {"line": {"read": 57}, "patient": {"created": 57}} | {
        "encounter": {"created": 57},
        "document": {"created": 114},
    }
    assert bring(*lines)["counts"]["document"] == {"unchanged": 114}


def test_a_partner_reads_what_the_source_says(bring, lines, api):
    bring(*lines)
    for line in lines[:: len(lines) // 5]:
        note, transcript = line["documents"]
        rows = {each.source_record.source_id: each for each in Document.objects.select_related("encounter")}
        path = f"{LIST}/{rows[note['id']].encounter}/documents"
        read = api.get(f"{path}/{rows[note['id']]}").json()["document"]
        assert (read["title"], read["content"]["text"]) == (note["title"], note["content"])
        told = api.get(f"{path}/{rows[transcript['id']]}/transcript").json()["transcript"]
        assert told == {name: transcript[name] for name in ("provider", "audio_duration_seconds", "turns")}


def test_both_speakers_are_heard_in_order(lines):
    turns = [each["documents"][1]["turns"] for each in lines]
    assert {turn["speaker"] for each in turns for turn in each} == {"Doctor", "Patient"}
    assert sum(map(len, turns)) == 7_108
    assert all(each == sorted(each, key=itemgetter("start", "end")) for each in turns)
    assert "<" not in json.dumps(turns)
