"""The table of restrictions, and what a restriction does."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Now
from django.utils import timezone

from partners.formats.moments import rfc3339
from partners.models import Organization
from partners.models.change import Action, Change, ChangeEvent
from partners.text import printable, printable_lines

SUBJECTS = ("patient", "encounter", "document")


def _once(subject: str) -> models.UniqueConstraint:
    return models.UniqueConstraint(
        fields=[subject], condition=Q(ended_at=None, **{f"{subject}__isnull": False}), name=f"{subject}_restricted_once"
    )


def _only(subject: str) -> Q:
    return Q(**{f"{each}__isnull": each != subject for each in SUBJECTS})


class RestrictionQuerySet(models.QuerySet["Restriction"]):
    """Which restrictions hold, and which encounters they cover."""

    def active(self) -> "RestrictionQuerySet":
        """Return those that have not ended."""
        return self.filter(ended_at=None)

    def due(self) -> "RestrictionQuerySet":
        """Return those that should end now, by the database's clock."""
        return self.active().filter(until__lte=Now())

    def with_subjects(self) -> "RestrictionQuerySet":
        """Return them with what they concern, but without the text of documents."""
        found = self.select_related("organization", "patient", "encounter", "document__encounter")
        return found.defer("document__content", "document__turns")

    def about(self, encounter: Any) -> "RestrictionQuerySet":
        """Return those of the encounter, of its patient and of its documents."""
        of_it = Q(encounter=encounter) | Q(document__encounter=encounter)
        return self.filter(of_it | Q(patient=encounter.patient_id) if encounter.patient_id else of_it)

    def settle(self, encounters: Any) -> None:
        """Let stored encounters follow the restrictions: restricted since the first that covers them, or not at all."""
        covering = self.active().filter(Q(encounter=OuterRef("pk")) | Q(patient=OuterRef("patient")))
        encounters.update(restricted_at=Subquery(covering.order_by("restricted_at").values("restricted_at")[:1]))

    def mark(self, encounters: Sequence[Any]) -> None:
        """Let encounters follow the restrictions before they are written. Call it in the transaction that writes."""
        patients, pks = {each.patient_id for each in encounters}, {each.pk for each in encounters}
        covering = self.active().filter(Q(patient__in=patients) | Q(encounter__in=pks)).order_by("restricted_at")
        found = list(covering.values_list("patient", "encounter", "restricted_at"))
        for each in encounters:
            mine = (at for patient, pk, at in found if (patient or pk) == (each.patient_id if patient else each.pk))
            each.restricted_at = next(mine, None)


class Restriction(models.Model):
    """Security's decision to withhold a patient, an encounter or a document from partners (45 CFR 164.522).

    A restriction of a patient covers all encounters of the patient, also those that are imported later. It ends when
    somebody lifts it. After `until`, `lift_restrictions` does: until then everything it covers stays withheld.
    """

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="restrictions")
    patient = models.ForeignKey("Patient", models.PROTECT, null=True, related_name="restrictions", db_index=False)
    encounter = models.ForeignKey("Encounter", models.PROTECT, null=True, related_name="restrictions", db_index=False)
    document = models.ForeignKey("Document", models.PROTECT, null=True, related_name="restrictions", db_index=False)
    restricted_at = models.DateTimeField(default=timezone.now)
    restricted_by = models.CharField(max_length=150, validators=[printable])
    reason = models.TextField(validators=[printable_lines])
    until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=150, blank=True, validators=[printable])
    end_reason = models.TextField(blank=True, validators=[printable_lines])

    objects = RestrictionQuerySet.as_manager()

    class Meta:
        ordering = ["-restricted_at", "-pk"]
        default_permissions = ("view",)
        permissions = [("restrict_records", "Can restrict records and lift restrictions")]
        constraints = [
            *map(_once, SUBJECTS),
            models.CheckConstraint(condition=reduce(or_, map(_only, SUBJECTS)), name="restriction_of_one_subject"),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by="") | (Q(ended_at__isnull=False) & ~Q(ended_by="")),
                name="restriction_ended_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["restricted_at", "id"], name="restriction_newest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject.public_id}"

    @property
    def kind(self) -> str:
        """Return what is restricted: "patient", "encounter" or "document"."""
        return next(each for each in SUBJECTS if getattr(self, f"{each}_id") is not None)

    @property
    def subject(self) -> Any:
        """Return the patient, the encounter or the document."""
        return getattr(self, self.kind)

    @property
    def is_due(self) -> bool:
        """Return True if its date has passed and nothing has ended it yet."""
        return self.ended_at is None and self.until is not None and self.until <= timezone.now()

    @classmethod
    def impose(cls, subject: Any, change: Change, *, until: datetime | None = None) -> "Restriction":
        """Withhold a patient, an encounter or a document from the next call on.

        Raise ValidationError without a reason, for a date that has passed, or if it is restricted already.
        """
        change.require_reason()
        if until is not None and until <= timezone.now():
            raise ValidationError({"until": "This date has passed."}, code="date_passed")
        kind = subject._meta.model_name
        owner = (subject.encounter if kind == "document" else subject).organization_id
        made = cls(
            **{kind: subject},
            organization_id=owner,
            restricted_by=change.by.strip(),
            reason=change.reason.strip(),
            until=until,
        )
        made.clean_fields(exclude={"organization", *SUBJECTS})  # rows that we have
        with transaction.atomic():
            made._keep_imports_out()
            if cls.objects.active().filter(**{kind: subject}).exists():
                raise ValidationError(f"This {kind} is restricted already.", code="restricted_already")
            made.save(force_insert=True)
            made._settle()
            ChangeEvent.record(Action.RECORD_RESTRICTED, change, organization=made.organization, after=made._facts())
        return made

    def lift(self, change: Change) -> bool:
        """End the restriction; return False if it had ended before. Raise ValidationError without a reason."""
        change.require_reason()
        self.ended_at, self.ended_by, self.end_reason = timezone.now(), change.by.strip(), change.reason.strip()
        self.clean_fields(exclude={"organization", *SUBJECTS})
        ended = {"ended_at": self.ended_at, "ended_by": self.ended_by, "end_reason": self.end_reason}
        with transaction.atomic():
            self._keep_imports_out()
            is_lifted = Restriction.objects.active().filter(pk=self.pk).update(**ended) > 0
            if is_lifted:
                self._settle()
                ChangeEvent.record(
                    Action.RESTRICTION_LIFTED, change, organization=self.organization, before=self._facts()
                )
        if not is_lifted:
            self.refresh_from_db()
        return is_lifted

    def encounters(self) -> Any:
        """Return the encounters that it concerns: all of the patient's, the one, or the one of the document."""
        if self.kind == "patient":
            return self.subject.encounters.all()
        encounter = self.subject if self.kind == "encounter" else self.subject.encounter
        return type(encounter)._default_manager.filter(pk=encounter.pk)

    def _keep_imports_out(self) -> None:
        """Let no import write meanwhile: a batch of it holds the same lock. On SQLite, the transaction does."""
        Organization.objects.select_for_update(no_key=True).get(pk=self.organization_id)

    def _settle(self) -> None:
        """Let what it concerns follow the restrictions."""
        if self.kind == "document":
            self.subject.restricted_at = self.restricted_at if self.ended_at is None else None
            self.subject.save(update_fields=["restricted_at"])
        else:
            Restriction.objects.all().settle(self.encounters())

    def _facts(self) -> dict[str, Any]:
        """Return what is on record of it: always with the patient, whose rights it concerns, if there is one."""
        facts = {f"{self.kind}_id": self.subject.public_id, "until": rfc3339(self.until)}
        encounter = self.subject.encounter if self.kind == "document" else self.subject
        patient = self.subject if self.kind == "patient" else encounter.patient
        return facts if patient is None else {"patient_id": patient.public_id} | facts
