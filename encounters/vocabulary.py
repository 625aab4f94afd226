"""The words that records use: classes, types and the progress of encounters and documents."""

from django.db import models


class RecordClass(models.TextChoices):
    """What kind of data a record is. Only clinical records are ever served."""

    CLINICAL = "clinical"
    DEMO = "demo"
    TRAINING = "training"


class EncounterType(models.TextChoices):
    """How the encounter was documented."""

    AMBIENT = "ambient"
    CLINICAL_DOCUMENTATION = "clinical_documentation"


class EncounterStatus(models.TextChoices):
    """The progress of an encounter."""

    PLANNED = "planned"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class DocumentStatus(models.TextChoices):
    """The progress of a document."""

    DRAFT = "draft"
    COMPLETED = "completed"
    AMENDED = "amended"
    SUPERSEDED = "superseded"


class SchemaType(models.TextChoices):
    """What a document contains."""

    DOCUMENT = "document"
    AMBIENT_TRANSCRIPT = "ambient_transcript"
