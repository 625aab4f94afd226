"""The textbook's tables: each row has the id of its source, and the time of its version."""

from uuid import uuid4

from django.db import models
from django.utils import timezone


class Organization(models.Model):
    """A partner."""

    name = models.TextField()


class Imported(models.Model):
    """What every imported row has."""

    public_id = models.UUIDField(default=uuid4, unique=True)
    organization = models.ForeignKey(Organization, models.PROTECT)
    source_id = models.CharField(max_length=64)
    updated_at = models.DateTimeField()

    class Meta:
        abstract = True
        constraints = [models.UniqueConstraint(fields=["organization", "source_id"], name="%(class)s_of_source")]


class Patient(Imported):
    """A patient."""

    first_name = models.TextField(null=True)
    last_name = models.TextField(null=True)
    date_of_birth = models.DateField(null=True)


class Encounter(Imported):
    """An encounter of a patient."""

    patient = models.ForeignKey(Patient, models.PROTECT, null=True)
    status = models.CharField(max_length=16)
    date_of_service = models.DateTimeField(null=True)
    service_provider = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)


class Document(Imported):
    """A note of an encounter."""

    encounter = models.ForeignKey(Encounter, models.PROTECT)
    title = models.TextField(null=True)
    status = models.CharField(max_length=16, null=True)
    content = models.TextField(null=True)
    created_at = models.DateTimeField(null=True)
