"""chartero's tables as far as they are read, unmanaged, and a table of keys of the textbook's own."""

from django.db import models
from rest_framework_api_key.models import AbstractAPIKey, BaseAPIKeyManager


class Organization(models.Model):
    """A partner."""

    public_id = models.CharField(max_length=26)
    allowlisted = models.BooleanField()

    class Meta:
        managed = False
        db_table = "partners_organization"


class RouteGrant(models.Model):
    """One route enabled for one organization."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="route_grants")
    route = models.CharField(max_length=64)

    class Meta:
        managed = False
        db_table = "partners_routegrant"


class Scope(models.Model):
    """What a key may read."""

    name = models.CharField(max_length=64, primary_key=True)

    class Meta:
        managed = False
        db_table = "partners_scope"


class PartnerKeyManager(BaseAPIKeyManager):
    """Finds a key with its organization, in one statement."""

    def get_usable_keys(self) -> models.QuerySet:
        return super().get_usable_keys().select_related("organization")


class PartnerKey(AbstractAPIKey):
    """An API key of one organization."""

    organization = models.ForeignKey(Organization, models.PROTECT, db_constraint=False)
    scopes = models.ManyToManyField(Scope, db_constraint=False)

    objects = PartnerKeyManager()


class Patient(models.Model):
    """A patient of one organization."""

    public_id = models.CharField(max_length=26)
    first_name = models.TextField(null=True)
    last_name = models.TextField(null=True)
    date_of_birth = models.DateField(null=True)

    class Meta:
        managed = False
        db_table = "encounters_patient"


class EncounterQuerySet(models.QuerySet["Encounter"]):
    """Queries over encounters."""

    def served(self) -> "EncounterQuerySet":
        """Return those that a partner may see."""
        return self.filter(record_class="clinical", withdrawn_at=None)


class Encounter(models.Model):
    """An encounter of one organization."""

    public_id = models.CharField(max_length=26)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="encounters")
    patient = models.ForeignKey(Patient, models.PROTECT, null=True)
    encounter_type = models.CharField(max_length=32)
    status = models.CharField(max_length=16)
    record_class = models.CharField(max_length=16)
    date_of_service = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    objects = EncounterQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "encounters_encounter"


class Document(models.Model):
    """A document of one encounter, as far as a summary of it needs."""

    public_id = models.CharField(max_length=26)
    encounter = models.ForeignKey(Encounter, models.PROTECT, related_name="documents")
    schema_type = models.CharField(max_length=64)
    title = models.TextField(null=True)
    status = models.CharField(max_length=16, null=True)
    workflow_variant = models.CharField(max_length=64, null=True)
    audio_duration_seconds = models.FloatField(null=True)
    created_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "encounters_document"
