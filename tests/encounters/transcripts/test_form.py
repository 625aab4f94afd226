"""The JSON format: what matches it, and the fault for anything else."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encounters.importing.reading.limits import LONGEST_DURATION
from encounters.transcripts import form
from tests.encounters.transcripts.visits import TURNS, encounter, note, transcript, visit

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def fault(line) -> tuple[str, str]:
    with pytest.raises(form.LineFault) as caught:
        form.visit(line)
    return caught.value.at, caught.value.expected


def with_turn(**members) -> dict:
    return visit(note(), transcript(turns=[TURNS[0], TURNS[1] | members]))


def test_a_line_is_read_whole():
    read = form.visit(visit(note(), transcript()))
    assert (read.encounter.id, read.patient.id, [each.id for each in read.documents]) == ("e1", "p1", ["n1", "t1"])
    assert read.patient.values["date_of_birth"].isoformat() == "1970-02-03"
    assert read.encounter.values["date_of_service"].isoformat() == "2026-05-25T14:00:00+00:00"
    assert read.documents[0].values["content"] == "An invented *note*."
    assert read.documents[1].values["turns"] == TURNS


def test_missing_members_are_null():
    read = form.visit({"encounter": {"id": "e1"}})
    assert (read.patient, read.documents, read.encounter.is_reference) == (None, [], True)
    bare = form.visit(visit({"id": "n1", "schema_type": "document"})).documents[0].values
    assert {value for name, value in bare.items() if name != "schema_type"} == {None}


def test_a_null_next_to_the_id_is_a_description():
    assert not form.visit({"encounter": {"id": "e1", "status": None}}).encounter.is_reference


def test_turns_are_ordered_by_start_and_can_overlap():
    later, earlier = TURNS[0] | {"start": 3, "end": 9}, TURNS[1] | {"start": 2, "end": 10}
    read = form.visit(visit(transcript(turns=[later, earlier, later | {"text": "Again"}])))
    assert [turn["text"] for turn in read.documents[0].values["turns"]] == [
        "An invented answer.",
        "An invented question?",
        "Again",
    ]


def test_nul_is_removed_from_texts_and_short_texts_are_stripped():
    read = form.visit(visit(note(title=" A\x00 title ", content=" A\x00 text ")))
    assert (read.documents[0].values["title"], read.documents[0].values["content"]) == ("A title", " A text ")


FAULTS = [
    ([], "", "an object"),
    ({}, "encounter", "an object"),
    (visit(visits=1), "", "only these members: encounter, patient, documents"),
    (visit(encounter=[]), "encounter", "an object"),
    (visit(encounter={}), "encounter.id", "the source's id: 1 to 64 letters, digits, '-' and '.'"),
    (visit(encounter=encounter("a b")), "encounter.id", "the source's id: 1 to 64 letters, digits, '-' and '.'"),
    (
        visit(encounter=encounter(status="finished")),
        "encounter.status",
        "one of planned, in_progress, completed, cancelled, unknown",
    ),
    (
        visit(encounter=encounter(date_of_service="2026-05-25")),
        "encounter.date_of_service",
        "a date and time with a time zone, such as 2026-05-25T14:00:00Z",
    ),
    (
        visit(encounter=encounter(updated_at=1)),
        "encounter.updated_at",
        "a date and time with a time zone, such as 2026-05-25T14:00:00Z",
    ),
    (visit(encounter=encounter(withdrawn="yes")), "encounter.withdrawn", "true or false"),
    (visit(patient="p 1"), "patient.id", "the source's id: 1 to 64 letters, digits, '-' and '.'"),
    (visit(patient=None) | {"patient": {}}, "patient.id", "the source's id: 1 to 64 letters, digits, '-' and '.'"),
    (visit() | {"patient": {"id": "p1", "first_name": " "}}, "patient.first_name", "a text of 1 to 1000 characters"),
    (visit() | {"patient": {"id": "p1", "last_name": "x" * 1001}}, "patient.last_name",
     "a text of 1 to 1000 characters"),
    (visit() | {"patient": {"id": "p1", "date_of_birth": "1970-2-3"}},
     "patient.date_of_birth", "a date, such as 1970-01-31"),
    (visit() | {"patient": {"id": "p1", "date_of_birth": "19700203"}},
     "patient.date_of_birth", "a date, such as 1970-01-31"),
    (visit() | {"patient": {"id": "p1", "date_of_birth": 1970}}, "patient.date_of_birth", "a date, such as 1970-01-31"),
    (visit(documents={}), "documents", "a list"),
    (visit(note(), "x"), "documents[1]", "an object"),
    (visit({"id": "n1"}), "documents[0].schema_type", "one of document, ambient_transcript"),
    (visit(note(schema_type="x")), "documents[0].schema_type", "one of document, ambient_transcript"),
    (visit(note(schema_type=["document"])), "documents[0].schema_type", "one of document, ambient_transcript"),
    (visit(note(status="final")), "documents[0].status", "one of draft, completed, amended, superseded"),
    (visit(note(workflow_variant="x" * 65)), "documents[0].workflow_variant", "a text of 1 to 64 characters"),
    (visit(note(content=1)), "documents[0].content", "a text of at most 1048576 bytes"),
    (visit(note(content="é" * 600_000)), "documents[0].content", "a text of at most 1048576 bytes"),
    (
        visit(note(turns=[])),
        "documents[0]",
        "only these members: id, schema_type, title, status, workflow_variant, created_at, content, "
        "updated_at, withdrawn",
    ),
    (visit(transcript(turns={})), "documents[0].turns", "a list"),
    (visit(transcript(audio_duration_seconds=-1)), "documents[0].audio_duration_seconds", form.SECONDS.expected),
    (visit(note(), transcript(turns=["x"])), "documents[1].turns[0]", "an object"),
    (with_turn(speaker=None), "documents[1].turns[1].speaker", "a text of 1 to 1000 characters"),
    (with_turn(text=None), "documents[1].turns[1].text", "a text of at most 1048576 bytes"),
    (with_turn(start=True), "documents[1].turns[1].start", form.SECONDS.expected),
    (with_turn(start="0"), "documents[1].turns[1].start", form.SECONDS.expected),
    (with_turn(end=float("inf")), "documents[1].turns[1].end", form.SECONDS.expected),
    (with_turn(end=10**400), "documents[1].turns[1].end", form.SECONDS.expected),
    (
        with_turn(start=3, end=2.9),
        "documents[1].turns[1].end",
        "seconds from the start of the recording, not before `start`",
    ),
    (with_turn(words=[]), "documents[1].turns[1]", "only these members: speaker, start, end, text"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "at", "expected"), FAULTS)
def test_a_fault_says_where_it_is_and_what_to_write(line, at, expected):
    assert fault(line) == (at, expected)


@given(st.sampled_from(["encounter", "patient", "documents"]), JSON)
def test_any_json_as_a_part_matches_the_format_or_is_a_fault_there(part, value):
    try:
        read = form.visit(visit(note(), transcript()) | {part: value})
    except form.LineFault as found:
        at = found.at
    else:
        at = part if isinstance(read, form.Visit) else ""
    assert at.startswith(part)


@given(JSON)
def test_any_other_json_is_a_fault(value):
    assert isinstance(fault([value]), tuple)


def test_no_fault_contains_the_value_found():
    secret = "Ina Example"
    lines = [visit(**{secret: 1}), visit(encounter=encounter(secret)), with_turn(**{secret: 1}), with_turn(end=secret)]
    assert secret not in json.dumps([fault(line) for line in lines])


def test_the_example_of_the_documentation_matches_the_format():
    text = (Path(__file__).parents[3] / "docs/import.md").read_text()
    (example,) = re.findall(r"```json\n(\{\"encounter\".*?)```", text, re.DOTALL)
    read = form.visit(json.loads(example))
    assert [len(each.values.get("turns") or []) for each in read.documents] == [0, 2]


@pytest.mark.parametrize(
    ("seconds", "read"), [(-0.001, False), (0, True), (LONGEST_DURATION, True), (LONGEST_DURATION + 1, False)]
)
def test_the_longest_duration(seconds, read):
    assert (form._seconds(seconds) is not None) == read


@pytest.mark.parametrize(("more", "read"), [(0, True), (1, False)])
def test_the_longest_text_and_the_longest_words_of_a_line(more, read):
    assert (form._text("é" * (form.LONGEST_TEXT // 2) + "x" * more) is not None) == read
    assert (form._words(5)("x" * (5 + more)) is not None) == read


@pytest.mark.parametrize(("end", "read"), [(-0.001, False), (0, True), (0.001, True)])
def test_a_turn_may_end_as_it_starts_and_not_before(end, read):
    line = visit(transcript(turns=[TURNS[0] | {"start": 2, "end": 2 + end}]))
    if read:
        assert form.visit(line).documents
        return
    with pytest.raises(form.LineFault, match="end"):
        form.visit(line)
