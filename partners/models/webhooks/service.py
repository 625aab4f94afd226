"""When a process that delivers webhooks last looked for some."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone


class WebhookService(models.Model):
    """The one row about all processes that deliver. `told_at` is when staff were told that none does any more."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    seen_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=Q(id=1), name="webhook_service_is_one_row")]

    def __str__(self) -> str:
        return f"last seen {self.seen_at or 'never'}"

    @classmethod
    def note_seen(cls) -> None:
        """Note that a process delivers now."""
        cls._note(seen_at=timezone.now(), told_at=None)

    @classmethod
    def note_told(cls) -> None:
        """Note that staff were told that none does, so that they are told once."""
        cls._note(told_at=timezone.now())

    @staticmethod
    def _note(**values: datetime | None) -> None:
        if not WebhookService.objects.filter(id=1).update(**values):
            WebhookService.objects.bulk_create([WebhookService(id=1, **values)], ignore_conflicts=True)
