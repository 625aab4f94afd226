"""The contract of the document routes by situation, stated anew as in `test_contract`."""

import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from partners.catalogue.routes import Route
from tests.api import LIST, Api
from tests.factories import CHANGE, DocumentFactory, EncounterFactory, OrganizationFactory, issue
from tests.test_contract import NO_ID, UNKNOWN_ID, statements

pytestmark = pytest.mark.django_db

UNKNOWN_DOCUMENT = "doc_" + "0" * 22
CALLS = {"detail": "", "transcript": "/transcript", "audio": "/audio"}
EVERY_CALL = pytest.mark.parametrize("call", CALLS)
TURNS = [
    {"speaker": "Doctor", "start": 0.0, "end": 2.5, "text": "An invented question?"},
    {"speaker": "Patient", "start": 2.25, "end": 842.4, "text": "An invented answer."},
]


def path(document, call="detail", encounter=None) -> str:
    return f"{LIST}/{encounter or document.encounter}/documents/{document}{CALLS[call]}"


@pytest.fixture
def transcript(organization):
    """A final ambient transcript with all that one can have."""
    return DocumentFactory(
        encounter__organization=organization,
        encounter__created_at=datetime(2026, 5, 25, 14, tzinfo=UTC),
        updated_at=datetime(2026, 5, 25, 15, 0, 0, 500_000, tzinfo=UTC),
        transcript_provider="An invented machine",
        turns=TURNS,
        audio="org_x/invented.wav",
    )


def changed(document, **values):
    for name, value in values.items():
        setattr(document, name, value)
    document.save()
    return document


# The checks ----------------------------------------------------------------------------------------------------------


@EVERY_CALL
@pytest.mark.parametrize("text", [*NO_ID, UNKNOWN_ID, UNKNOWN_DOCUMENT])
def test_what_is_not_an_encounter_or_not_a_document(api, transcript, call, text):
    assert api.refusal(path(transcript, call, encounter=text)) == (404, "encounter_not_found", None)
    assert api.refusal(f"{LIST}/{transcript.encounter}/documents/{text}{CALLS[call]}") == (
        404,
        "document_not_found",
        None,
    )


@EVERY_CALL
def test_a_document_of_another_encounter(organization, api, transcript, call):
    other = EncounterFactory(organization=organization)
    assert api.refusal(path(transcript, call, encounter=other)) == (404, "document_not_found", None)


@EVERY_CALL
def test_a_withdrawn_document_does_not_exist(api, transcript, call):
    changed(transcript, withdrawn_at=timezone.now())
    assert api.refusal(path(transcript, call)) == (404, "document_not_found", None)


@EVERY_CALL
def test_the_encounter_is_judged_before_the_document(organization, api, transcript, call):
    theirs = DocumentFactory()
    assert api.refusal(path(theirs, call)) == (403, "cross_organization_denied", None)
    training = DocumentFactory(encounter__organization=organization, encounter__record_class="training")
    assert api.refusal(path(training, call)) == (403, "demo_training_denied", None)
    changed(transcript.encounter, withdrawn_at=timezone.now())
    assert api.refusal(path(transcript, call)) == (404, "encounter_not_found", None)


@pytest.mark.parametrize(
    ("schema_type", "served"),
    [("document", ["detail"]), ("ambient_transcript", [*CALLS]), ("scanned_form", []), ("Document", []), ("", [])],
)
def test_each_route_serves_its_types(api, transcript, schema_type, served):
    changed(transcript, schema_type=schema_type)
    refused = (400, "unsupported_document_type", None)
    for call in CALLS:
        assert call in served or api.refusal(path(transcript, call)) == refused
    assert [call for call in CALLS if api.get(path(transcript, call)).status_code == 200] == served


@pytest.mark.parametrize(
    ("status", "expected"),
    [("draft", 404), ("completed", 200), ("amended", 200), ("superseded", 404), (None, 404)],
)
def test_a_transcript_is_served_once_it_is_final(api, transcript, status, expected):
    changed(transcript, status=status)
    assert [api.get(path(transcript, call)).status_code for call in CALLS] == [200, expected, 200]
    if expected != 200:
        assert api.refusal(path(transcript, "transcript")) == (404, "transcript_not_found", None)


def test_a_final_document_may_have_come_without_a_transcript(api, transcript):
    changed(transcript, turns=None)
    assert api.refusal(path(transcript, "transcript")) == (404, "transcript_not_found", None)


def test_a_transcript_in_which_nobody_speaks(api, transcript):
    changed(transcript, turns=[])
    assert api.get(path(transcript, "transcript")).json()["transcript"]["turns"] == []


def test_no_recording(api, transcript):
    changed(transcript, audio=None)
    assert api.refusal(path(transcript, "audio")) == (404, "audio_not_found", None)


@pytest.mark.parametrize(
    ("call", "last"), [("detail", None), ("transcript", "transcript_not_found"), ("audio", "audio_not_found")]
)
def test_the_order_of_the_checks(transcript, call, last):
    """Start from a call in which everything is wrong, mend one thing at a time, and read the codes."""
    mine, theirs = OrganizationFactory(allowlisted=False, routes=[]), OrganizationFactory()
    key, token = issue(mine, scopes=[])
    document = DocumentFactory(
        encounter__organization=theirs,
        encounter__record_class="demo",
        encounter__withdrawn_at=timezone.now(),
        schema_type="scanned_form",
        withdrawn_at=timezone.now(),
    )
    sent = {"path": path(document, call), "query": "limit=0", "method": "PUT"}
    mends = [
        lambda: mine.set_access(CHANGE, allowlisted=True),
        lambda: mine.set_access(CHANGE, enable=[Route.named(f"documents.{call}")]),
        lambda: key.set_scopes(Route.named(f"documents.{call}").scopes, CHANGE),
        lambda: sent.update(method="GET"),
        lambda: sent.update(query=""),
        lambda: changed(document.encounter, withdrawn_at=None),
        lambda: changed(document.encounter, organization=mine),
        lambda: changed(document.encounter, record_class="clinical"),
        lambda: changed(document, withdrawn_at=None),
        lambda: changed(document, schema_type="ambient_transcript"),
    ]
    codes = [Api(token).refusal(**sent)[1]]
    for mend in mends:
        mend()
        answer = Api(token).get(**sent).json()
        codes.append(answer.get("reason_code"))
    assert codes == [
        "organization_not_allowlisted",
        "route_not_allowed",
        "missing_scope",
        "method_not_allowed",
        "unsupported_filter",
        "encounter_not_found",
        "cross_organization_denied",
        "demo_training_denied",
        "document_not_found",
        "unsupported_document_type",
        last,
    ]


# What is served ------------------------------------------------------------------------------------------------------


def keys(content: bytes) -> list[str]:
    return [key.decode() for key in re.findall(rb'"(\w+)":', content)]


def test_the_shape_of_a_note_key_by_key(api, transcript):
    changed(transcript, schema_type="document", content="# Invented\n", audio=None, turns=None)
    response = api.get(path(transcript))
    document = {
        "document_id": transcript.public_id,
        "encounter_id": transcript.encounter.public_id,
        "schema_type": "document",
        "title": "Ambient transcript",
        "status": "completed",
        "workflow_variant": "ambient",
        "created_at": "2026-05-25T14:00:00Z",
        "updated_at": "2026-05-25T15:00:00.500000Z",
        "content": {"format": "markdown", "text": "# Invented\n"},
    }
    assert response.json() == {"document": document}
    assert keys(response.content) == ["document", *document, "format", "text"]


def test_a_transcript_has_the_length_of_its_recording_in_place_of_content(api, transcript):
    changed(transcript, content="never served")
    document = api.get(path(transcript)).json()["document"]
    assert [*document][-2:] == ["updated_at", "audio_duration_seconds"]
    assert document["audio_duration_seconds"] == 842.4


def test_what_may_be_null_is_null(api, transcript):
    unknown = {"title": None, "status": None, "workflow_variant": None}
    changed(transcript, **unknown, audio_duration_seconds=None)
    document = api.get(path(transcript)).json()["document"]
    assert {**document, **unknown, "audio_duration_seconds": None} == document
    note = changed(transcript, schema_type="document", content=None)
    assert api.get(path(note)).json()["document"]["content"] == {"format": "markdown", "text": None}


def test_the_shape_of_a_transcript_key_by_key(api, transcript):
    response = api.get(path(transcript, "transcript"))
    body = {
        "encounter_id": transcript.encounter.public_id,
        "document_id": transcript.public_id,
        "transcript": {"provider": "An invented machine", "audio_duration_seconds": 842.4, "turns": TURNS},
    }
    assert response.json() == body
    assert keys(response.content) == [*body, *body["transcript"], *["speaker", "start", "end", "text"] * 2]


def test_a_transcript_without_provider_and_length(api, transcript):
    changed(transcript, transcript_provider=None, audio_duration_seconds=None)
    told = api.get(path(transcript, "transcript")).json()["transcript"]
    assert (told["provider"], told["audio_duration_seconds"]) == (None, None)


def test_the_shape_of_a_link_key_by_key(api, transcript, monkeypatch, settings):
    settings.AUDIO_URL_SECONDS = 120
    now = datetime(2026, 5, 25, 14, 0, 0, 700_000, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)
    response = api.get(path(transcript, "audio"))
    assert keys(response.content) == ["audio_url", "expires_at"]
    assert response.json()["expires_at"] == "2026-05-25T14:02:00Z"
    url = urlsplit(response.json()["audio_url"])
    assert (url.scheme, url.netloc) == ("http", "testserver")
    assert not url.path.startswith("/external")


def test_a_link_tells_nothing_of_the_patient(api, transcript):
    url = api.get(path(transcript, "audio")).json()["audio_url"]
    patient = transcript.encounter.patient
    assert not [each for each in (patient.first_name, patient.last_name, patient.public_id) if each in url]


def test_what_is_switched_off_holds_for_the_next_call(organization, api, transcript):
    assert api.get(path(transcript, "audio")).status_code == 200
    organization.set_access(CHANGE, disable=[Route.named("documents.audio")])
    assert api.refusal(path(transcript, "audio"))[1] == "route_not_allowed"
    assert api.get(path(transcript, "transcript")).status_code == 200


def test_the_documents_of_an_encounter_are_those_that_can_be_read(api, transcript):
    DocumentFactory(encounter=transcript.encounter, schema_type="document", content="x")
    DocumentFactory(encounter=transcript.encounter, withdrawn_at=timezone.now())
    listed = api.get().json()["items"][0]["documents"]
    for each in listed:
        one = api.get(f"{LIST}/{transcript.encounter}/documents/{each['document_id']}").json()["document"]
        assert {key: one[key] for key in one.keys() & each.keys()} == {
            key: each[key] for key in one.keys() & each.keys()
        }
    assert len(listed) == 2


@EVERY_CALL
def test_sql_statements_of_a_document(api, transcript, monkeypatch, call):
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    one = path(transcript, call)
    assert api.get(one).status_code == 200
    assert statements(lambda: api.get(one)) == 3
    assert statements(lambda: api.get(one, "x=1")) == 2
