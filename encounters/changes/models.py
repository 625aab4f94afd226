"""The tables of the log of changes."""

from django.db import models
from django.db.models import Q

from partners.models import Organization


class ChangeKind(models.TextChoices):
    """What a change means for an organization that keeps a copy."""

    AVAILABLE = "available"
    UPDATED = "updated"
    WITHDRAWN = "withdrawn"


class EncounterChange(models.Model):
    """A change to what an organization reads of an encounter. Triggers write it, in the transaction of the change.

    On PostgreSQL, `position` is the id of that transaction, so an encounter has one row for each transaction. On SQLite
    it is counted up for each change of the organization. The encounter may be gone: it is no foreign key.
    """

    pk = models.CompositePrimaryKey("organization", "position", "encounter")
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    position = models.BigIntegerField()
    encounter = models.BigIntegerField()
    public_id = models.CharField(max_length=32)
    change = models.CharField(max_length=9, choices=ChangeKind)
    changed_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=Q(change__in=ChangeKind.values), name="encounter_change_known")]

    def __str__(self) -> str:
        return f"{self.public_id} {self.change}"


class ChangeHorizon(models.Model):
    """The last change of an organization that was deleted for its age: cursors before it have expired.

    A cursor of another `era` has expired too. An organization without a row has lost no change, and its era is 0. One
    that is created after an era began gets a row with the newest (`eras`).
    """

    organization = models.OneToOneField(Organization, models.PROTECT, primary_key=True, related_name="+")
    era = models.BigIntegerField(default=0)
    position = models.BigIntegerField(default=0)
    encounter = models.BigIntegerField(default=0)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"changes to {self.position}"
