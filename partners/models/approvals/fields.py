"""What is stored of a request for approval: what is asked for, by whom and why, and who decided."""

from datetime import timedelta
from enum import StrEnum

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from partners.models.handover.row import KeyHandover
from partners.models.keys.key import ApiKey
from partners.models.organization import Organization
from partners.text import printable, printable_lines

READY_FOR = timedelta(days=7)  # how long the person who asked can issue an approved key


class Decision(models.TextChoices):
    """How a request ended. A blank means that it waits."""

    APPROVED = "approved", "Approved"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"


class ApprovalState(StrEnum):
    """The state of a request. An approved key that is shown to staff is first ready, then approved or lapsed."""

    WAITING = "waiting"
    READY = "ready"
    APPROVED = "approved"
    LAPSED = "lapsed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class ApprovalFields(models.Model):
    """One request: `kind` and `facts` say what is asked for, never a secret. `before` is what it would replace.

    `api_key` is the key that is changed, or the key that was issued. `handover` is the link that was approved.
    """

    kind = models.CharField(max_length=32)
    facts = models.JSONField(default=dict)
    before = models.JSONField(default=dict)
    organization = models.ForeignKey(Organization, models.PROTECT, null=True, related_name="approvals")
    api_key = models.ForeignKey(ApiKey, models.PROTECT, null=True, related_name="approvals")
    handover = models.OneToOneField(KeyHandover, models.PROTECT, null=True, related_name="approval")
    by_asker = models.BooleanField(default=False)

    asked_at = models.DateTimeField(default=timezone.now)
    asked_by = models.CharField(max_length=150, validators=[printable])
    asked_from = models.CharField(max_length=100, validators=[printable])
    asker = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.TextField(blank=True, validators=[printable_lines])
    ticket = models.CharField(max_length=100, blank=True, validators=[printable])

    decision = models.CharField(max_length=9, choices=Decision, blank=True, default="")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=150, blank=True, validators=[printable])
    decider = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    note = models.TextField(blank=True, validators=[printable_lines])

    class Meta:
        abstract = True
        ordering = ["-asked_at", "-pk"]
        default_permissions = ()
        indexes = [
            models.Index(fields=["asked_at", "id"], condition=Q(decision=""), name="approval_waiting"),
            models.Index(fields=["asked_at", "id"], name="approval_newest"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(decision="", decided_at=None) | (~Q(decision="") & Q(decided_at__isnull=False)),
                name="approval_decided_once",
            ),
            models.CheckConstraint(
                condition=~Q(decision=Decision.APPROVED, decided_by=F("asked_by"))
                & ~Q(decision=Decision.APPROVED, decider__isnull=False, asker__isnull=False, decider=F("asker")),
                name="approval_by_another_person",
            ),
        ]

    @property
    def state(self) -> ApprovalState:
        if not self.decision or self.decided_at is None:
            return ApprovalState.WAITING
        if self.decision != Decision.APPROVED or not self.by_asker or self.api_key_id:
            return ApprovalState(self.decision)
        lapsed = self.decided_at + READY_FOR <= timezone.now()
        return ApprovalState.LAPSED if lapsed else ApprovalState.READY
