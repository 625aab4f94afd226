"""Nested model serializers."""

from rest_framework import serializers

from benchmarks.compare.textbook.models import Document, Encounter, Patient


class PatientSerializer(serializers.ModelSerializer):
    """A patient."""

    patient_id = serializers.CharField(source="public_id")

    class Meta:
        model = Patient
        fields = ["patient_id", "first_name", "last_name", "date_of_birth"]


class DocumentSerializer(serializers.ModelSerializer):
    """A document."""

    document_id = serializers.CharField(source="public_id")

    class Meta:
        model = Document
        fields = ["document_id", "schema_type", "title", "status", "workflow_variant", "audio_duration_seconds"]


class EncounterSerializer(serializers.ModelSerializer):
    """An encounter with its patient and its documents."""

    encounter_id = serializers.CharField(source="public_id")
    organization_id = serializers.CharField(source="organization.public_id")
    patient = PatientSerializer()
    documents = DocumentSerializer(many=True)

    class Meta:
        model = Encounter
        fields = [
            "encounter_id",
            "organization_id",
            "encounter_type",
            "status",
            "created_at",
            "updated_at",
            "date_of_service",
            "patient",
            "documents",
        ]
