"""The shape of what is served, declared once: the SQL columns and the JSON keys both follow from it."""

from typing import Any

from rest_framework import serializers

from encounters.models import DocumentStatus, EncounterStatus, EncounterType, SchemaType


class RowSerializer(serializers.Serializer):
    """An object whose plain fields are columns of one row; DRF's own rendering, three times slower, is not used."""

    @classmethod
    def keys(cls) -> tuple[str, ...]:
        """Return the JSON keys that are columns, in order."""
        return tuple(cls._plain_fields())

    @classmethod
    def columns(cls, alias: str, vendor: str) -> str:
        """Return the columns of SQL alias `alias`, in the order of `keys()`; SQLite makes its times RFC 3339 there."""
        return ", ".join(_column(alias, name, field, vendor) for name, field in cls._plain_fields().items())

    @classmethod
    def _plain_fields(cls) -> dict[str, Any]:
        return {
            name: field
            for name, field in cls._declared_fields.items()
            if not isinstance(field, serializers.BaseSerializer)
        }


def _column(alias: str, name: str, field: Any, vendor: str) -> str:
    source = field.source or name
    column = source if "." in source else f"{alias}.{source}"
    if vendor == "sqlite" and isinstance(field, serializers.DateTimeField):
        return f"replace({column}, ' ', 'T') || 'Z'"
    return column


class PatientSerializer(RowSerializer):
    """The patient of an encounter."""

    patient_id = serializers.CharField(source="public_id")
    first_name = serializers.CharField(allow_null=True)
    last_name = serializers.CharField(allow_null=True)
    date_of_birth = serializers.DateField(allow_null=True)


class DocumentSummarySerializer(RowSerializer):
    """A document of an encounter, without its content."""

    document_id = serializers.CharField(source="public_id")
    schema_type = serializers.ChoiceField(SchemaType.choices)
    title = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(DocumentStatus.choices, allow_null=True)
    workflow_variant = serializers.CharField(allow_null=True)
    audio_duration_seconds = serializers.FloatField(allow_null=True)


class EncounterSerializer(RowSerializer):
    """An encounter with its patient and its documents."""

    encounter_id = serializers.CharField(source="public_id")
    organization_id = serializers.CharField(source="organization.public_id")
    encounter_type = serializers.ChoiceField(EncounterType.choices)
    status = serializers.ChoiceField(EncounterStatus.choices)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    date_of_service = serializers.DateTimeField(allow_null=True)
    patient = PatientSerializer(allow_null=True)
    documents = DocumentSummarySerializer(many=True)
