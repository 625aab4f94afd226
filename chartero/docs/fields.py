"""The fields of responses as the developer pages describe them. Names and types come from the serializers."""

from dataclasses import dataclass
from typing import Any

from rest_framework import serializers

from encounters.api.serializers import (
    AmbientTranscriptSerializer,
    ChangePageSerializer,
    ChangeSerializer,
    ContentSerializer,
    DocumentAnswerSerializer,
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
from partners.api.own_key import KeySerializer, RouteAccessSerializer

_DOCUMENT = {
    "document_id": "The id of the document.",
    "schema_type": "What the document holds: a note, or the transcript of a recording.",
    "title": "Its title.",
    "status": "Its status. A superseded document has been replaced by another one.",
    "workflow_variant": "How it was made.",
}

MEANINGS: dict[type[serializers.Serializer], dict[str, str]] = {
    EncounterPageSerializer: {
        "items": "The encounters on this page.",
        "limit": "The limit of this page: yours or the default.",
        "offset": "The offset of this page: yours or the default.",
        "total": "The number of matching encounters on all pages.",
    },
    EncounterSerializer: {
        "encounter_id": "The id of the encounter.",
        "organization_id": "Your organization.",
        "encounter_type": "How the encounter was documented. Ambient encounters have a recorded conversation.",
        "status": "The status of the encounter.",
        "created_at": "When the encounter was added to this service. For records imported from the past, it can be the "
        "time of the encounter instead. Lists are ordered by it, and it never changes.",
        "updated_at": "When it last changed in its source system: often before `created_at`.",
        "date_of_service": "When the patient was seen.",
        "patient": "The patient, or null if none is linked yet.",
        "documents": "Its documents, without their content, in order of creation.",
    },
    PatientSerializer: {
        "patient_id": "The id of the patient.",
        "first_name": "Given names, or null.",
        "last_name": "Family name, or null.",
        "date_of_birth": "Date of birth: a complete date, or null.",
    },
    DocumentSummarySerializer: _DOCUMENT
    | {"audio_duration_seconds": "The length of an ambient transcript's recording."},
    DocumentSerializer: _DOCUMENT
    | {
        "encounter_id": "The encounter of the document.",
        "created_at": "When the document was created.",
        "updated_at": "When the document last changed.",
    },
    DocumentAnswerSerializer: {"document": "A note or an ambient transcript: its `schema_type` tells which."},
    NoteSerializer: {"content": "The text of the note. Only in documents of schema_type document."},
    AmbientTranscriptSerializer: {
        "audio_duration_seconds": "The length of the recording. Only in ambient transcripts.",
    },
    ContentSerializer: {
        "format": "The format of the text.",
        "text": "The text, or null if the document has none.",
    },
    DocumentTranscriptSerializer: {
        "encounter_id": "The encounter of the document.",
        "document_id": "The id of the document.",
        "transcript": "The transcript.",
    },
    TranscriptSerializer: {
        "provider": "The person or system that made the transcript.",
        "audio_duration_seconds": "The length of the recording.",
        "turns": "What was said, ordered by start time.",
    },
    TurnSerializer: {
        "speaker": "The speaker.",
        "start": "Start time, in seconds from the start of the recording.",
        "end": "End time, in seconds from the start of the recording.",
        "text": "What the speaker says.",
    },
    DocumentAudioSerializer: {
        "audio_url": "The URL of the recording. It works without a key.",
        "expires_at": "When the URL expires.",
    },
    ChangePageSerializer: {
        "items": "The changes on this page, in the order in which they became visible.",
        "next_cursor": "Where to continue: send it as `cursor`, now or later.",
        "has_more": "Whether there are more changes now.",
    },
    ChangeSerializer: {
        "encounter_id": "The id of the encounter that changed.",
        "change": "What happened. Read an available or updated encounter, and remove a withdrawn one.",
        "changed_at": "When it changed in this service.",
    },
    KeySerializer: {
        "key_id": "The id of the key.",
        "public_part": "The prefix and the public part of the key, which you can share with us.",
        "label": "The name that the key has here.",
        "kind": "What the key is for.",
        "organization_id": "Your organization, or null if the key has none.",
        "scopes": "The scopes of the key.",
        "issued_at": "When the key was issued.",
        "expires_at": "When the key expires, or null if it doesn't. After a rotation, when the overlap ends.",
        "rotated_at": "When the key got a successor, or null if it has none.",
        "routes": "Every other route, and whether the key can call it now.",
    },
    RouteAccessSerializer: {
        "route": "The name of the route.",
        "allowed": "Whether a call with this key would pass the checks of access now.",
        "reason_code": "The first refusal, or null if the route is allowed.",
    },
}
_NAMED = {shape.__name__: shape for shape in MEANINGS}

_TYPES: tuple[tuple[type[serializers.Field], str], ...] = (
    (serializers.ListSerializer, "list of objects"),
    (serializers.BaseSerializer, "object"),
    (serializers.DateTimeField, "date-time"),
    (serializers.DateField, "date"),
    (serializers.IntegerField, "integer"),
    (serializers.FloatField, "number"),
    (serializers.BooleanField, "boolean"),
    (serializers.ListField, "list of strings"),
    (serializers.Field, "string"),
)


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a JSON object: its type, its possible values, whether it can be null, and its meaning."""

    name: str
    type: str
    values: tuple[str, ...]
    nullable: bool
    meaning: str


def of(serializer: str) -> list[Field]:
    """Return the fields of a serializer, without those that it inherits."""
    shape = _NAMED[serializer]
    return [_field(shape, name, field) for name, field in shape().fields.items() if name in MEANINGS[shape]]


def meaning(schema: str, key: str) -> str:
    """Return the meaning of a key of an object in the OpenAPI document, or "" if it needs none."""
    shape = _NAMED.get(f"{schema}Serializer", serializers.Serializer)
    return next((told for kind in shape.__mro__ if (told := MEANINGS.get(kind, {}).get(key))), "")


def _field(shape: type[serializers.Serializer], name: str, field: Any) -> Field:
    return Field(
        name=name,
        type=next(words for kind, words in _TYPES if isinstance(field, kind)),
        values=tuple(getattr(field, "choices", ())),
        nullable=field.allow_null,
        meaning=field.help_text or MEANINGS[shape][name],
    )
