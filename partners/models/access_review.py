"""A review of who has access to what, signed off by a person. Triggers refuse to alter or delete one."""

import hashlib
import json
from datetime import timedelta
from typing import Any

from django.db import models, transaction
from django.db.models.functions import Coalesce
from django.utils import timezone

from partners.models.change import Action, Change, ChangeEvent

QUARTER = timedelta(days=92)


class AccessReview(models.Model):
    """Who signed off which access, and when. `snapshot` is the JSON that `digest` is the SHA-256 of."""

    reviewed_at = models.DateTimeField(default=timezone.now, editable=False)
    reviewed_by = models.CharField(max_length=150)
    note = models.TextField()
    snapshot = models.TextField()
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["-pk"]
        default_permissions = ()
        permissions = [("sign_accessreview", "Can sign off who has access")]

    def __str__(self) -> str:
        return f"Access review of {self.reviewed_at:%Y-%m-%d}"

    @classmethod
    def sign(cls, change: Change, facts: dict[str, Any]) -> "AccessReview":
        """Record that a person reviewed these facts; raise ValidationError without a note."""
        change.require_reason()
        snapshot = json.dumps(facts, ensure_ascii=False, sort_keys=True, indent=1)
        digest = hashlib.sha256(snapshot.encode()).hexdigest()
        with transaction.atomic():
            review = cls.objects.create(
                reviewed_by=change.by, note=change.reason.strip(), snapshot=snapshot, digest=digest
            )
            ChangeEvent.record(Action.ACCESS_REVIEWED, change, after={"review": review.pk, "sha256": digest})
        return review

    @classmethod
    def is_due(cls) -> bool:
        """Return True if a quarter passed since the last review, or without any since the first change on record."""
        last = models.Subquery(cls.objects.values("reviewed_at")[:1])
        changes = ChangeEvent.objects.order_by("occurred_at")
        since = changes.values_list(Coalesce(last, "occurred_at"), flat=True).first()
        return since is not None and since < timezone.now() - QUARTER

    @property
    def facts(self) -> dict[str, Any]:
        """Return what was reviewed."""
        facts: dict[str, Any] = json.loads(self.snapshot)
        return facts
