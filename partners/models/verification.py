"""What runs of `verify_records` found, and how people explained it."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from partners.models.change import Action, Change, ChangeEvent


class VerificationQuerySet(models.QuerySet["Verification"]):
    """What runs of `verify_records` found."""

    def that_count(self) -> "VerificationQuerySet":
        """Return those whose `counts` is true."""
        return self.filter(models.Q(first_seal=1) | models.Q(faults__gt=0, explained_at=None))


class Verification(models.Model):
    """What one run of `verify_records` found. It is for staff to read; a proof is the run itself.

    What was done to the record stays, so later runs find the same faults again. `digest` is of all of them, with the
    rows as they are now: an explanation holds for the next runs, as long as they find exactly those. There is no digest
    if one of the faults can be put right.
    """

    LONGEST_FAULT = 200

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    first_seal = models.BigIntegerField("the first seal that was verified; 1 means the whole record")
    last_seal = models.BigIntegerField()
    rows = models.BigIntegerField()
    faults = models.PositiveIntegerField()
    first_faults = models.JSONField("the first fault of each kind: its kind, in words, and how many", default=list)
    digest = models.CharField("SHA-256 of all faults", max_length=64, blank=True, default="", db_default="")
    explained_at = models.DateTimeField(null=True, blank=True)
    explained_by = models.CharField(max_length=150, blank=True, default="", db_default="")
    explanation = models.TextField(blank=True, default="", db_default="")

    objects = VerificationQuerySet.as_manager()

    class Meta:
        ordering = ["-finished_at", "-pk"]
        default_permissions = ()
        permissions = [("explain_verification", "Can explain faults of the record")]

    def __str__(self) -> str:
        return f"{self.faults} faults"

    @property
    def counts(self) -> bool:
        """Return True if it is of the whole record or found an unexplained fault.

        One of a part takes back nothing that one of the whole record found.
        """
        return self.first_seal == 1 or self.is_open

    @property
    def is_open(self) -> bool:
        """Return True if it found faults that nobody has explained."""
        return self.faults > 0 and self.explained_at is None

    @property
    def first_fault(self) -> str:
        return str(self.first_faults[0]["words"]) if self.first_faults else ""

    @property
    def seconds(self) -> float:
        return (self.finished_at - self.started_at).total_seconds()

    def note(self) -> None:
        """Save a new result. Exactly the faults of the run before are explained if those are."""
        before = Verification.objects.filter(first_seal=self.first_seal).first()
        if before and before.explained_at and self.faults and before.digest == self.digest:
            self._take(before.explained_at, before.explained_by, before.explanation)
        self.save(force_insert=True)

    def explain(self, change: Change) -> None:
        """Record why the faults are there. Raise ValidationError without a reason, or unless it is the newest and open.

        Without a digest nobody could tell later whether the same faults were found.
        """
        change.require_reason()
        with transaction.atomic():
            last = Verification.objects.select_for_update().that_count().first()
            if last != self or not last.is_open or not last.digest:
                told = "Reload the page: these faults are explained, or there is a newer verification."
                raise ValidationError(told, code="not_open")
            self._take(timezone.now(), change.by, change.reason.strip())
            self.save(update_fields=["explained_at", "explained_by", "explanation"])
            after: dict[str, Any] = {"verification": self.pk, "faults": self.faults, "sha256": self.digest}
            ChangeEvent.record(Action.FAULTS_EXPLAINED, change, after=after)

    def _take(self, at: Any, by: str, explanation: str) -> None:
        self.explained_at, self.explained_by, self.explanation = at, by, explanation
