"""The limits of records: one below, at and above each number, and a moment before, at and after each time."""

import io
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from encounters.checks import LONGEST, SHORTEST, recordings_can_be_linked
from encounters.fhir import attachments, report
from encounters.fhir.mapping.document import _seconds
from encounters.importing.codes import Code, Level
from encounters.importing.mapped import Mapped
from encounters.importing.reading import lines
from encounters.importing.reading.limits import LONGEST_DURATION, LONGEST_TITLE
from encounters.importing.report import Place
from encounters.importing.writing.versions import Incoming, Known, is_newer
from encounters.management import base
from encounters.recordings import storage as recordings
from encounters.recordings.ranges import ByteRange, asked_range
from encounters.transcripts import form
from encounters.transcripts.report import Report
from tests.encounters.fhir.exports import attachment
from tests.encounters.transcripts.visits import TURNS, transcript, visit
from tests.factories import START, DocumentFactory, EncounterFactory

TICK, NONE = timedelta(microseconds=1), timedelta(0)
DURATIONS = [(-0.001, False), (0, True), (LONGEST_DURATION, True), (LONGEST_DURATION + 1, False)]


@pytest.mark.parametrize(("edge", "inside"), [("start_at", [NONE, TICK]), ("end_at", [-TICK])])
@pytest.mark.parametrize("moment", [START, START.replace(hour=0), START.replace(day=1, hour=0)])
def test_a_window_holds_its_start_and_not_its_end(api, organization, edge, inside, moment):
    rows = {
        tick: EncounterFactory(organization=organization, created_at=moment + tick).public_id
        for tick in (-TICK, NONE, TICK)
    }
    page = api.get(query=f"sort_order=asc&{edge}={moment:%Y-%m-%dT%H:%M:%SZ}").json()
    assert [item["encounter_id"] for item in page["items"]] == [rows[tick] for tick in inside]
    assert page["total"] == len(inside)


@pytest.mark.parametrize(("before_its_end", "works"), [(TICK, True), (NONE, False), (-TICK, False)])
def test_a_link_works_until_its_exact_end(settings, monkeypatch, before_its_end, works):
    made = timezone.now().replace(microsecond=0)
    monkeypatch.setattr(timezone, "now", lambda: made)
    signed = recordings.LocalStorage().url("x.wav", expire=60).rpartition("/")[2]
    monkeypatch.setattr(timezone, "now", lambda: made + timedelta(seconds=60) - before_its_end)
    assert recordings.signed_name(signed) == ("x.wav" if works else None)


@pytest.mark.parametrize(("seconds", "faults"), [(SHORTEST - 1, 1), (SHORTEST, 0), (LONGEST, 0), (LONGEST + 1, 1)])
def test_the_allowed_lifetime_of_a_link(settings, seconds, faults):
    settings.AUDIO_URL_SECONDS = seconds
    assert len(recordings_can_be_linked(None)) == faults


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=3-3", ByteRange(3, 4)),
        ("bytes=3-2", None),
        ("bytes=0-9", ByteRange(0, 10)),
        ("bytes=0-10", ByteRange(0, 10)),
    ],
)
def test_a_range_of_one_byte_and_of_them_all(header, part):
    assert asked_range(header, 10) == part


def test_a_duration_is_not_negative(db):
    DocumentFactory(audio_duration_seconds=0)
    with pytest.raises(IntegrityError, match=r"(?i)check constraint"), transaction.atomic():
        DocumentFactory(audio_duration_seconds=-0.001)


@pytest.mark.parametrize(("seconds", "read"), DURATIONS)
def test_the_longest_duration(seconds, read):
    assert (_seconds(seconds) is not None, form._seconds(seconds) is not None) == (read, read)


@pytest.mark.parametrize(("size", "cut"), [(LONGEST_TITLE, False), (LONGEST_TITLE + 1, True)])
def test_the_longest_title(size, cut):
    found = Mapped()
    assert found.short("x" * size) == "x" * LONGEST_TITLE
    assert found.warnings == ([Code.TEXT_CUT] if cut else [])


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
    with pytest.raises(form.Fault, match="end"):
        form.visit(line)


@pytest.mark.parametrize(("more", "read"), [(0, True), (1, False)])
def test_the_most_tags_of_a_note(more, read):
    html = "a" + "<br>" * (attachments.MOST_TAGS + more)
    assert (attachments.read([attachment(html, "text/html")])[1] == []) == read


def test_a_line_of_exactly_the_longest_is_read_at_the_end_too(monkeypatch):
    monkeypatch.setattr(lines, "LONGEST_LINE", 4)
    assert [*lines.numbered(io.BytesIO(b"1234"))] == [(1, b"1234")]
    assert [*lines.numbered(io.BytesIO(b"12345"))] == [(1, Code.LINE_TOO_LONG)]


@pytest.mark.parametrize(("tick", "newer"), [(-TICK, False), (NONE, False), (TICK, True)])
def test_a_version_of_the_same_moment_is_not_newer(tick, newer):
    known = Known(START, START, "x", withdrawn=False)
    assert is_newer(known, Incoming(START + tick, None, "y")) == newer
    assert is_newer(known, Incoming(START + tick, None, "y", deletion=True)) == (tick >= NONE)


def test_as_many_issues_are_listed_as_are_promised(monkeypatch):
    monkeypatch.setattr(report, "LISTED_ISSUES", 2)
    monkeypatch.setattr("encounters.transcripts.report.LISTED_ISSUES", 2)
    of_fhir, of_lines = report.Report(), Report()
    code = next(code for code in Code if code.level is Level.WARNING)
    for number in range(3):
        of_fhir.add(code, Place("f", number), "Patient")
        of_lines.add(Place("f", number), "x", "y")
    assert [len(of_fhir.issues), of_fhir.as_json()["issues_not_listed"]] == [2, 1]
    assert [len(of_lines.issues), of_lines.issues_not_listed] == [2, 1]


@pytest.mark.parametrize(
    ("length", "taken"),
    [(0, False), (1, True), (base.LONGEST_SOURCE, True), (base.LONGEST_SOURCE + 1, False)],
)
def test_the_length_of_a_sources_name(length, taken):
    if taken:
        assert base._source("x" * length, None) == "x" * length
        return
    with pytest.raises(ValidationError, match="Set --source to a name"):
        base._source("x" * length, None)
