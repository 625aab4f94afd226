"""Clinical records: encounters with their patients and documents, and where each record was imported from."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from encounters.changes.models import ChangeHorizon, ChangeKind, EncounterChange
from encounters.ready.models import ReadyTranscript
from encounters.restrictions.models import Restriction
from encounters.totals import buckets
from encounters.vocabulary import DocumentStatus, EncounterStatus, EncounterType, RecordClass, SchemaType
from partners.identifiers import PublicIdField
from partners.models import Organization

__all__ = [
    "ChangeHorizon",
    "ChangeKind",
    "Document",
    "DocumentStatus",
    "Encounter",
    "EncounterChange",
    "EncounterCount",
    "EncounterStatus",
    "EncounterType",
    "Patient",
    "ReadyTranscript",
    "RecordClass",
    "Restriction",
    "SchemaType",
    "SourceRecord",
]


def one_of(name: str, field: str, choices: type[models.TextChoices]) -> models.CheckConstraint:
    """Return a constraint that allows only the choices of `field`."""
    return models.CheckConstraint(condition=Q(**{f"{field}__in": choices.values}), name=name)


class Patient(models.Model):
    """A patient of one organization. A withdrawn patient is never served."""

    public_id = PublicIdField("pat")
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="patients")
    first_name = models.TextField(null=True)
    last_name = models.TextField(null=True)
    date_of_birth = models.DateField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["public_id"], name="patient_public_id_unique")]

    def __str__(self) -> str:
        return self.public_id


class EncounterQuerySet(models.QuerySet["Encounter"]):
    """Queries that keep the encounters of organizations apart."""

    def for_organization(self, organization: Organization) -> "EncounterQuerySet":
        """Return all encounters of the organization, served or not. Every query must start here."""
        return self.filter(organization=organization)

    def served(self) -> "EncounterQuerySet":
        """Return the encounters that a partner may see: clinical, not withdrawn, and not restricted."""
        return self.filter(record_class=RecordClass.CLINICAL, withdrawn_at=None, restricted_at=None)


class Encounter(models.Model):
    """An encounter of one organization. For partners, a withdrawn or restricted encounter does not exist.

    `restricted_at` follows from the restrictions of the encounter and of its patient. Triggers hold it to them.
    """

    public_id = PublicIdField("enc")
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="encounters", db_index=False)
    patient = models.ForeignKey(Patient, models.PROTECT, null=True, related_name="encounters")
    encounter_type = models.CharField(max_length=32, choices=EncounterType)
    status = models.CharField(max_length=16, choices=EncounterStatus)
    record_class = models.CharField(max_length=16, choices=RecordClass)
    date_of_service = models.DateTimeField(null=True)
    service_provider = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True)
    restricted_at = models.DateTimeField(null=True)

    objects = EncounterQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["public_id"], name="encounter_public_id_unique"),
            one_of("encounter_type_known", "encounter_type", EncounterType),
            one_of("encounter_status_known", "status", EncounterStatus),
            one_of("encounter_record_class_known", "record_class", RecordClass),
        ]
        indexes = [
            models.Index(
                fields=["organization", "created_at", "public_id"],
                condition=Q(record_class="clinical", withdrawn_at=None, restricted_at=None),
                name="encounter_served",
            ),
            models.Index(fields=["organization", "created_at"], name="encounter_of_organization"),
            models.Index(
                fields=["organization", "record_class"],
                condition=Q(record_class__in=["demo", "training"], withdrawn_at=None),
                name="encounter_withheld",
            ),
            models.Index(
                fields=["organization"], condition=Q(restricted_at__isnull=False), name="encounter_restricted"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class EncounterCount(models.Model):
    """How many served encounters of an organization were created in one month, day or hour of UTC.

    Triggers update it, `encounters.totals.sums` reads it. A bucket can have rows in several slots, one for each
    transaction that wrote at the same time. Only their sum is meaningful; a single row can be negative.
    """

    pk = models.CompositePrimaryKey("organization", "grain", "starts_at", "slot")
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", db_index=False)
    grain = models.CharField(max_length=5)
    starts_at = models.DateTimeField()
    slot = models.SmallIntegerField()
    matches = models.BigIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(grain__in=buckets.GRAINS), name="encounter_count_grain_known")
        ]

    def __str__(self) -> str:
        return f"{self.grain} of {self.starts_at.isoformat()}"


class DocumentQuerySet(models.QuerySet["Document"]):
    """Queries of documents."""

    def served(self) -> "DocumentQuerySet":
        """Return the documents that a partner may see: neither withdrawn nor restricted, of a served encounter."""
        present = self.filter(withdrawn_at=None, restricted_at=None)
        return present.filter(encounter__in=Encounter.objects.served())


class Document(models.Model):
    """A document of one encounter: a note, or the transcript of an ambient recording.

    `content` is the markdown of a note. `turns` belongs to a transcript: a list of `{"speaker", "start", "end",
    "text"}`, with times in seconds, ordered by start. `audio` is the name of the recording in the storage `recordings`.
    """

    public_id = PublicIdField("doc")
    encounter = models.ForeignKey(Encounter, models.PROTECT, related_name="documents", db_index=False)
    schema_type = models.CharField(max_length=64, choices=SchemaType)
    title = models.TextField(null=True)
    status = models.CharField(max_length=16, choices=DocumentStatus, null=True)
    workflow_variant = models.CharField(max_length=64, null=True)
    audio_duration_seconds = models.FloatField(null=True)
    content = models.TextField(null=True)
    transcript_provider = models.TextField(null=True)
    audio = models.CharField(max_length=200, null=True)
    turns = models.JSONField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True)
    restricted_at = models.DateTimeField(null=True)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["public_id"], name="document_public_id_unique"),
            models.CheckConstraint(
                condition=Q(status=None) | Q(status__in=DocumentStatus.values), name="document_status_known"
            ),
            models.CheckConstraint(
                condition=Q(audio_duration_seconds=None) | Q(audio_duration_seconds__gte=0),
                name="document_duration_not_negative",
            ),
        ]
        indexes = [
            models.Index(fields=["encounter", "created_at", "public_id"], name="document_of_encounter"),
            models.Index(fields=["audio"], condition=Q(audio__isnull=False), name="document_of_recording"),
        ]

    def __str__(self) -> str:
        return self.public_id


class SourceRecord(models.Model):
    """Where an imported row came from and which version it is: one record per imported resource.

    It is identified by organization, source, resource type and source id. Source ids are unique on one server only, so
    resources of different servers never share a record. A withdrawn record is a tombstone, with or without a row of
    ours: an older file can't bring it back.
    """

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="source_records", db_index=False)
    source = models.CharField(max_length=200)
    resource_type = models.CharField(max_length=32)
    source_id = models.CharField(max_length=64)
    server = models.CharField("digest of its server's base URL, where the export tells it", max_length=32, null=True)
    version = models.DateTimeField("last updated at the source", null=True)
    as_of = models.DateTimeField("time of the export, or of the import where the export tells none")
    fingerprint = models.CharField("digest of the mapped values", max_length=64)
    labelled_test = models.BooleanField("labelled as test data at the source", default=False)
    superseded = models.BooleanField("another document says that it replaces this one", default=False)
    withdrawn_at = models.DateTimeField(null=True)
    patient = models.OneToOneField(Patient, models.CASCADE, null=True, related_name="source_record")
    encounter = models.OneToOneField(Encounter, models.CASCADE, null=True, related_name="source_record")
    document = models.OneToOneField(Document, models.CASCADE, null=True, related_name="source_record")

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "source", "resource_type", "source_id"], name="source_record_known_once"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=False)
                | Q(resource_type="Patient", patient__isnull=False)
                | Q(resource_type="Encounter", encounter__isnull=False)
                | Q(resource_type="DocumentReference", document__isnull=False),
                name="source_record_has_its_row",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource_type}/{self.source_id}"
