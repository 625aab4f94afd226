"""What is stored of a hand-over, and the state that follows from it."""

from enum import StrEnum

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from partners.keys import links
from partners.models.keys import labels
from partners.models.keys.key import ApiKey
from partners.models.organization import Organization
from partners.models.webhooks.endpoint import WebhookEndpoint
from partners.names import readable
from partners.text import printable, printable_lines

WAITING = Q(collected_at=None, withdrawn_at=None)


class HandoverState(StrEnum):
    """The state of a hand-over. Only a link that was sent or opened can be used."""

    UNSENT = "not_sent"
    SENT = "sent"
    OPENED = "opened"
    COLLECTED = "collected"
    EXPIRED = "expired"
    LOCKED = "locked"
    WITHDRAWN = "withdrawn"

    @property
    def is_open(self) -> bool:
        return self in (HandoverState.SENT, HandoverState.OPENED)

    @property
    def may_be_open(self) -> bool:
        """Return True if a link is open, or waits to be sent."""
        return self.is_open or self is HandoverState.UNSENT

    @property
    def is_over(self) -> bool:
        """Return True if no new link can be sent."""
        return self in (HandoverState.COLLECTED, HandoverState.WITHDRAWN)


class HandoverFields(models.Model):
    """A key that doesn't exist yet, as staff described it, and the link that its organization's contact gets.

    `description` has its owner, note and tags. The key expires at `expires_at`, or after `lifetime` from its
    collection, or never. If it replaces a key, that key works for `overlap` after the collection.

    With an `endpoint` it is no key, but the signing secret of that endpoint in this `generation`.
    """

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="handovers")
    label = models.CharField(max_length=labels.LONGEST, validators=[readable])
    is_test = models.BooleanField(default=False)
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField(null=True)
    lifetime = models.DurationField(null=True)
    replaces = models.ForeignKey(ApiKey, models.PROTECT, null=True, related_name="handovers")
    overlap = models.DurationField(null=True)
    endpoint = models.ForeignKey(WebhookEndpoint, models.PROTECT, null=True, related_name="handovers")
    generation = models.PositiveIntegerField(null=True)
    description = models.JSONField(default=dict)
    reason = models.TextField(blank=True, validators=[printable_lines])
    ticket = models.CharField(max_length=100, blank=True, validators=[printable])
    approved_by = models.CharField(max_length=150, blank=True, default="", db_default="", validators=[printable])
    created_at = models.DateTimeField(default=timezone.now)

    sent_by = models.CharField(max_length=150, validators=[printable])
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    sent_to = models.EmailField(blank=True)
    sent_at = models.DateTimeField(null=True)
    link_expires_at = models.DateTimeField(null=True)
    token_digest = models.BinaryField(max_length=32, null=True)
    code_digest = models.BinaryField(max_length=32, null=True)
    code_failures = models.PositiveSmallIntegerField(default=0)

    opened_at = models.DateTimeField(null=True)
    opened_from = models.CharField(max_length=45, blank=True)
    refused_at = models.DateTimeField(null=True)
    collected_at = models.DateTimeField(null=True)
    collected_from = models.CharField(max_length=45, blank=True)
    reused_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    api_key = models.OneToOneField(ApiKey, models.PROTECT, null=True, related_name="handover")

    class Meta:
        abstract = True
        ordering = ["-created_at", "-pk"]
        default_permissions = ()
        indexes = [
            models.Index(fields=["created_at", "id"], condition=WAITING, name="handover_waiting"),
            models.Index(fields=["reused_at"], condition=Q(reused_at__isnull=False), name="handover_reused"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["token_digest"], name="handover_link_unique"),
            models.UniqueConstraint(fields=["replaces"], condition=WAITING, name="handover_one_successor_waits"),
            models.UniqueConstraint(fields=["endpoint"], condition=WAITING, name="handover_one_secret_waits"),
            models.CheckConstraint(
                condition=Q(collected_at=None, api_key=None)
                | Q(collected_at__isnull=False, api_key__isnull=False, endpoint=None, withdrawn_at=None)
                | Q(collected_at__isnull=False, api_key=None, endpoint__isnull=False, withdrawn_at=None),
                name="handover_collected_is_key_or_secret",
            ),
            models.CheckConstraint(
                condition=Q(endpoint=None, generation=None)
                | Q(endpoint__isnull=False, generation__isnull=False, replaces=None),
                name="handover_secret_has_generation",
            ),
            models.CheckConstraint(condition=~Q(replaces=F("api_key")), name="handover_replaces_another"),
        ]

    @property
    def state(self) -> HandoverState:
        if self.collected_at is not None:
            return HandoverState.COLLECTED
        if self.withdrawn_at is not None:
            return HandoverState.WITHDRAWN
        if self.sent_at is None or self.link_expires_at is None:
            return HandoverState.UNSENT
        if self.code_failures >= links.ATTEMPTS:
            return HandoverState.LOCKED
        if self.link_expires_at <= timezone.now():
            return HandoverState.EXPIRED
        return HandoverState.SENT if self.opened_at is None else HandoverState.OPENED

    @property
    def noun(self) -> str:
        """Return what is handed over, in a word."""
        return "key" if self.endpoint_id is None else "signing secret"

    @property
    def nothing_given(self) -> str:
        """Return the sentence that nobody has got anything by the link."""
        return "No key was created." if self.endpoint_id is None else "No secret was shown."

    @property
    def lifespan(self) -> str:
        """Return in words how long the key lives from its collection, or a blank if that isn't what was asked for."""
        if self.lifetime is None:
            return ""
        hours = int(self.lifetime.total_seconds() // 3600)
        return f"{hours} hours" if hours % 24 else f"{hours // 24} days"

    @property
    def overlap_hours(self) -> int:
        """Return for how many hours the key that is replaced still works after the collection."""
        return 0 if self.overlap is None else int(self.overlap.total_seconds() // 3600)

    @property
    def has_code(self) -> bool:
        return self.code_digest is not None
