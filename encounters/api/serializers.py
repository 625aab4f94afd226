"""The shape of the responses, declared once: the SQL columns, the JSON and the OpenAPI document follow from it."""

from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import serializers

from encounters.api.dialects import DIALECTS, Dialect
from encounters.models import (
    ChangeKind,
    Document,
    DocumentStatus,
    Encounter,
    EncounterStatus,
    EncounterType,
    Patient,
    SchemaType,
)
from partners.api.fields import IdField
from partners.models import Organization

MARKDOWN = "markdown"


class RowSerializer(serializers.Serializer):
    """An object whose plain fields are columns of one row. DRF's rendering is not used: it is three times slower."""

    @classmethod
    def keys(cls) -> tuple[str, ...]:
        """Return the JSON keys that are read from columns, in order."""
        return tuple(cls._plain_fields())

    @classmethod
    def columns(cls, alias: str, vendor: str) -> str:
        """Return the columns of the SQL alias `alias`, in the order of `keys()`, with times written as RFC 3339."""
        return ", ".join(_text(alias, name, field, DIALECTS[vendor]) for name, field in cls._plain_fields().items())

    @classmethod
    def json(cls, alias: str, vendor: str, **nested: str) -> str:
        """Return SQL for the whole object as JSON. `nested` has the SQL of each field that is not simply a column."""
        dialect = DIALECTS[vendor]
        plain = {name: _json(alias, name, field, dialect) for name, field in cls._plain_fields().items()}
        members = plain | nested
        return dialect.json_object({name: members[name] for name in cls._declared_fields})

    @classmethod
    def _plain_fields(cls) -> dict[str, Any]:
        return {
            name: field
            for name, field in cls._declared_fields.items()
            if not isinstance(field, serializers.BaseSerializer)
        }


def _text(alias: str, name: str, field: Any, dialect: Dialect) -> str:
    source = field.source or name
    column = source if "." in source else f"{alias}.{source}"
    return dialect.time(column) if isinstance(field, serializers.DateTimeField) else column


def _json(alias: str, name: str, field: Any, dialect: Dialect) -> str:
    text = _text(alias, name, field, dialect)
    return dialect.number(text) if isinstance(field, serializers.FloatField) else text


class PatientSerializer(RowSerializer):
    """The patient of an encounter."""

    patient_id = IdField(Patient)
    first_name = serializers.CharField(allow_null=True)
    last_name = serializers.CharField(allow_null=True)
    date_of_birth = serializers.DateField(allow_null=True)


class DocumentSummarySerializer(RowSerializer):
    """A document of an encounter, without its content."""

    document_id = IdField(Document)
    schema_type = serializers.CharField(
        help_text="The type of the document, such as {}. More types may be added.".format(
            " or ".join(f"`{each}`" for each in SchemaType.values)
        )
    )
    title = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(DocumentStatus.choices, allow_null=True)
    workflow_variant = serializers.CharField(allow_null=True)
    audio_duration_seconds = serializers.FloatField(allow_null=True)


class EncounterSerializer(RowSerializer):
    """An encounter with its patient and its documents."""

    encounter_id = IdField(Encounter)
    organization_id = IdField(Organization, source="organization.public_id")
    encounter_type = serializers.ChoiceField(EncounterType.choices)
    status = serializers.ChoiceField(EncounterStatus.choices)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    date_of_service = serializers.DateTimeField(allow_null=True)
    patient = PatientSerializer(allow_null=True)
    documents = DocumentSummarySerializer(many=True)


class EncounterPageSerializer(serializers.Serializer):
    """A page of encounters, its limit and offset, and the total number of matches."""

    items = EncounterSerializer(many=True)
    limit = serializers.IntegerField()
    offset = serializers.IntegerField()
    total = serializers.IntegerField(min_value=0)


class EncounterAnswerSerializer(serializers.Serializer):
    """One encounter."""

    encounter = EncounterSerializer()


class DocumentSerializer(RowSerializer):
    """One document. Further fields depend on its type."""

    document_id = IdField(Document)
    encounter_id = IdField(Encounter, source="encounter.public_id")
    schema_type = serializers.ChoiceField(SchemaType.choices)
    title = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(DocumentStatus.choices, allow_null=True)
    workflow_variant = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class ContentSerializer(serializers.Serializer):
    """The text of a note, or null if it has none."""

    format = serializers.ChoiceField([MARKDOWN])
    text = serializers.CharField(allow_null=True)


class NoteSerializer(DocumentSerializer):
    """A document of `schema_type` `document`."""

    content = ContentSerializer()


class AmbientTranscriptSerializer(DocumentSerializer):
    """A document of `schema_type` `ambient_transcript`."""

    audio_duration_seconds = serializers.FloatField(allow_null=True)


class DocumentAnswerSerializer(serializers.Serializer):
    """One document, of either type."""

    document = PolymorphicProxySerializer(
        "EncounterDocument",
        {SchemaType.DOCUMENT.value: NoteSerializer, SchemaType.AMBIENT_TRANSCRIPT.value: AmbientTranscriptSerializer},
        "schema_type",
    )


class TurnSerializer(RowSerializer):
    """What one speaker said. Times are in seconds from the start of the recording."""

    speaker = serializers.CharField()
    start = serializers.FloatField()
    end = serializers.FloatField()
    text = serializers.CharField()


class TranscriptSerializer(RowSerializer):
    """The turns of a transcript, ordered by start, and the provider that wrote it."""

    provider = serializers.CharField(source="transcript_provider", allow_null=True)
    audio_duration_seconds = serializers.FloatField(allow_null=True)
    turns = TurnSerializer(many=True)


class DocumentTranscriptSerializer(RowSerializer):
    """The transcript of a document."""

    encounter_id = IdField(Encounter, source="encounter.public_id")
    document_id = IdField(Document)
    transcript = TranscriptSerializer()


class DocumentAudioSerializer(serializers.Serializer):
    """The URL of a document's recording, and when it expires."""

    audio_url = serializers.URLField()
    expires_at = serializers.DateTimeField()


class ChangeSerializer(RowSerializer):
    """A change to one encounter."""

    encounter_id = IdField(Encounter)
    change = serializers.ChoiceField(ChangeKind.choices)
    changed_at = serializers.DateTimeField()


class ChangePageSerializer(serializers.Serializer):
    """A page of changes, the cursor to continue from, and whether there are more."""

    items = ChangeSerializer(many=True)
    next_cursor = serializers.CharField()
    has_more = serializers.BooleanField()
