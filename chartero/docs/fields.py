"""The fields of what is served, in the words of the developer pages; names and types are the serializers' own."""

from dataclasses import dataclass
from typing import Any

from rest_framework import serializers

from encounters.api import serializers as served
from encounters.api.serializers import (
    AmbientTranscriptSerializer,
    ContentSerializer,
    DocumentAudioSerializer,
    DocumentSerializer,
    DocumentSummarySerializer,
    DocumentTranscriptSerializer,
    EncounterPageSerializer,
    EncounterSerializer,
    NoteSerializer,
    PatientSerializer,
    TranscriptSerializer,
    TurnSerializer,
)

_DOCUMENT = {
    "document_id": "The id of the document.",
    "schema_type": "What the document holds: a note, or the transcript of a recording.",
    "title": "Its title.",
    "status": "How far it has come. A superseded document has been replaced by another one.",
    "workflow_variant": "How it came about.",
}

MEANINGS: dict[type[serializers.Serializer], dict[str, str]] = {
    EncounterPageSerializer: {
        "items": "The encounters of this page.",
        "limit": "What was asked for, or the default.",
        "offset": "The same.",
        "total": "How many encounters match, on all pages together.",
    },
    EncounterSerializer: {
        "encounter_id": "The id of the encounter.",
        "organization_id": "Your organization.",
        "encounter_type": "How the encounter was documented: ambient ones have a recorded conversation.",
        "status": "How far the encounter has come.",
        "created_at": "When the encounter came into this service, or, for an earlier history that is brought in, took "
        "place. Lists are ordered by it, and it never changes.",
        "updated_at": "When it last changed in the system that it comes from: often before `created_at`.",
        "date_of_service": "When the patient was seen.",
        "patient": "The patient; null while none is linked.",
        "documents": "Its documents, without their content, in the order of their creation.",
    },
    PatientSerializer: {
        "patient_id": "The id of the patient.",
        "first_name": "Given names.",
        "last_name": "Family name.",
        "date_of_birth": "Date of birth, never filled up from a year alone.",
    },
    DocumentSummarySerializer: _DOCUMENT
    | {"audio_duration_seconds": "How long the recording of an ambient transcript is."},
    DocumentSerializer: _DOCUMENT
    | {
        "encounter_id": "The encounter that it belongs to.",
        "created_at": "When it was created.",
        "updated_at": "When it last changed.",
    },
    NoteSerializer: {"content": "The text of the note. Only in a document of schema_type document."},
    AmbientTranscriptSerializer: {
        "audio_duration_seconds": "How long the recording is. Only in an ambient transcript.",
    },
    ContentSerializer: {
        "format": "How the text is written.",
        "text": "The text; null where the document came without one.",
    },
    DocumentTranscriptSerializer: {
        "encounter_id": "The encounter that it belongs to.",
        "document_id": "The id of the document.",
        "transcript": "The transcript.",
    },
    TranscriptSerializer: {
        "provider": "Who or what wrote it down.",
        "audio_duration_seconds": "How long the recording is.",
        "turns": "What was said, in the order of the starts.",
    },
    TurnSerializer: {
        "speaker": "Who speaks.",
        "start": "When they begin, in seconds from the start of the recording.",
        "end": "When they end, in the same seconds.",
        "text": "What they say.",
    },
    DocumentAudioSerializer: {
        "audio_url": "Where the recording can be fetched, without a key.",
        "expires_at": "Until when.",
    },
}

_TYPES: tuple[tuple[type[serializers.Field], str], ...] = (
    (serializers.ListSerializer, "list of objects"),
    (serializers.BaseSerializer, "object"),
    (serializers.DateTimeField, "date-time"),
    (serializers.DateField, "date"),
    (serializers.IntegerField, "integer"),
    (serializers.FloatField, "number"),
    (serializers.Field, "string"),
)


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a JSON object: its type, the only values that it has, whether it may be null, and what it means."""

    name: str
    type: str
    values: tuple[str, ...]
    nullable: bool
    meaning: str


def of(serializer: str) -> list[Field]:
    """Return the fields of a serializer, but for those that it shares with the one it is made from."""
    shape = getattr(served, serializer)
    return [_field(shape, name, field) for name, field in shape().fields.items() if name in MEANINGS[shape]]


def _field(shape: type[serializers.Serializer], name: str, field: Any) -> Field:
    return Field(
        name=name,
        type=next(words for kind, words in _TYPES if isinstance(field, kind)),
        values=tuple(getattr(field, "choices", ())),
        nullable=field.allow_null,
        meaning=field.help_text or MEANINGS[shape][name],
    )
