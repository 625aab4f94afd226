"""The append-only record of changes by staff. Each is written in the transaction of the change itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from partners.text import printable, printable_lines

Facts = Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Change:
    """Who makes a change, from where, and why. `reason` may be blank unless the change requires one.

    `approved_by` is the second person, who approved it; blank for a change that nobody had to approve.
    """

    by: str
    source: str
    reason: str = ""
    ticket: str = ""
    approved_by: str = ""

    def require_reason(self) -> None:
        if not self.reason.strip():
            raise ValidationError("Give the reason for this change.", code="reason_required")

    def require_second_person(self) -> None:
        """Raise ValidationError if the deployment requires a second person to approve this, and nobody has."""
        if settings.FOUR_EYES and not self.approved_by:
            raise ValidationError("A second person must approve this first.", code="approval_required")


class Action(models.TextChoices):
    """The kinds of changes."""

    ORGANIZATION_CREATED = "organization_created", "Organization created"
    CONTACT_CHANGED = "contact_changed", "Contact changed"
    PURPOSE_CHANGED = "purpose_changed", "Purpose changed"
    DESCRIPTION_CHANGED = "description_changed", "Description changed"
    COMMENTED = "commented", "Comment"
    ACCESS_CHANGED = "access_changed", "Access changed"
    NAMES_CHANGED = "names_changed", "Names and dates of birth changed"
    ORGANIZATION_LIMIT_CHANGED = "organization_limit_changed", "Organization's limit changed"
    ACCESS_REQUEST_ACCEPTED = "access_request_accepted", "Access request accepted"
    ACCESS_REQUEST_DECLINED = "access_request_declined", "Access request declined"
    KEY_ISSUED = "key_issued", "Key issued"
    KEY_ROTATED = "key_rotated", "Key rotated"
    ROTATION_FINISHED = "rotation_finished", "Rotation finished"
    KEY_DISABLED = "key_disabled", "Key disabled"
    KEY_ENABLED = "key_enabled", "Key enabled"
    KEY_REVOKED = "key_revoked", "Key revoked"
    KEY_LEAKED = "key_leaked", "Key reported as leaked"
    EXPIRY_CHANGED = "expiry_changed", "Expiry changed"
    SCOPES_CHANGED = "scopes_changed", "Scopes changed"
    KEY_LIMIT_CHANGED = "key_limit_changed", "Key's limit changed"
    NETWORKS_CHANGED = "networks_changed", "Networks changed"
    HANDOVER_PREPARED = "handover_prepared", "Hand-over prepared"
    HANDOVER_SENT = "handover_sent", "Link sent"
    HANDOVER_NOT_SENT = "handover_not_sent", "Link not sent"
    HANDOVER_OPENED = "handover_opened", "Link opened"
    HANDOVER_REFUSED = "handover_refused", "Collection refused"
    HANDOVER_COLLECTED = "handover_collected", "Key collected"
    HANDOVER_LOCKED = "handover_locked", "Link locked"
    HANDOVER_REUSED = "handover_reused", "Link used after collection"
    HANDOVER_WITHDRAWN = "handover_withdrawn", "Link withdrawn"
    WEBHOOK_ADDED = "webhook_added", "Webhook endpoint added"
    WEBHOOK_SWITCHED_OFF = "webhook_switched_off", "Webhook endpoint switched off"
    WEBHOOK_SWITCHED_ON = "webhook_switched_on", "Webhook endpoint switched on"
    WEBHOOK_SECRET_RENEWED = "webhook_secret_renewed", "New webhook secret made"
    WEBHOOK_SECRET_IN_FORCE = "webhook_secret_in_force", "New webhook secret in force"
    WEBHOOK_SECRET_SHOWN = "webhook_secret_shown", "Webhook secret shown"
    WEBHOOK_TESTED = "webhook_tested", "Webhook endpoint tested"
    WEBHOOK_REPLAYED = "webhook_replayed", "Webhook deliveries replayed"
    APPROVAL_REQUESTED = "approval_requested", "Approval requested"
    APPROVED = "approved", "Approved"
    APPROVAL_DECLINED = "approval_declined", "Approval declined"
    APPROVAL_WITHDRAWN = "approval_withdrawn", "Request for approval withdrawn"
    API_KEYS_SWITCHED = "api_keys_switched", "API-key authentication switched"
    SECOND_FACTOR_SET_UP = "second_factor_set_up", "Second factor set up"
    RECOVERY_CODES_RENEWED = "recovery_codes_renewed", "Recovery codes renewed"
    RECOVERY_CODE_USED = "recovery_code_used", "Recovery code used"
    SIGN_IN_RESET = "sign_in_reset", "Sign-in reset"
    RECORD_RESTRICTED = "record_restricted", "Record restricted"
    RESTRICTION_LIFTED = "restriction_lifted", "Restriction lifted"
    DISCLOSURES_ACCOUNTED = "disclosures_accounted", "Disclosures accounted for"
    EXPORTED = "exported", "Exported"
    CHECKPOINT_SENT = "checkpoint_sent", "Checkpoint sent"
    FAULTS_EXPLAINED = "faults_explained", "Faults of the record explained"
    ACCESS_REVIEWED = "access_reviewed", "Access reviewed"
    STAFF_ACTIVITY_SHOWN = "staff_activity_shown", "Staff activity shown"
    RECORDS_PRUNED = "records_pruned", "Records pruned"
    USER_ADDED = "user_added", "User added"
    USER_CHANGED = "user_changed", "User changed"
    USER_DEACTIVATED = "user_deactivated", "User deactivated"
    USER_ACTIVATED = "user_activated", "User activated"
    ROLES_CHANGED = "roles_changed", "Roles changed"
    PASSWORD_CHANGED = "password_changed", "Password changed"
    GROUP_ADDED = "group_added", "Group added"
    GROUP_CHANGED = "group_changed", "Group changed"
    SIGNED_IN = "signed_in", "Signed in"
    SECOND_FACTOR_PROVED = "second_factor_proved", "Second factor proved"
    SIGNED_OUT = "signed_out", "Signed out"
    SESSIONS_ENDED = "sessions_ended", "Sessions ended"
    LOCKED_OUT = "locked_out", "Locked out"
    PAGE_REFUSED = "page_refused", "Page refused"


# Changes that name a patient's record. Who may not ask about a patient's disclosures must not see them.
ABOUT_PATIENTS = (Action.RECORD_RESTRICTED, Action.RESTRICTION_LIFTED, Action.DISCLOSURES_ACCOUNTED)


class ChangeEvent(models.Model):
    """One change: when, what, who, from where, why, before and after. Triggers refuse updates and early deletes."""

    occurred_at = models.DateTimeField(default=timezone.now, editable=False)
    action = models.CharField(max_length=32, choices=Action)
    organization = models.ForeignKey(
        "partners.Organization", models.PROTECT, null=True, blank=True, related_name="events"
    )
    api_key = models.ForeignKey("partners.ApiKey", models.PROTECT, null=True, blank=True, related_name="events")
    by = models.CharField(max_length=150, validators=[printable])
    source = models.CharField(max_length=100, validators=[printable])
    reason = models.TextField(blank=True, validators=[printable_lines])
    ticket = models.CharField(max_length=100, blank=True, validators=[printable])
    approved_by = models.CharField(max_length=150, blank=True, default="", db_default="", validators=[printable])
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-occurred_at", "-pk"]
        verbose_name = "change"
        default_permissions = ("view",)
        permissions = [("comment_changeevent", "Can comment on organizations and API keys")]
        indexes = [
            models.Index(fields=["occurred_at", "id"], name="change_event_time"),
            models.Index(
                fields=["ticket", "occurred_at", "id"], condition=~models.Q(ticket=""), name="change_event_ticket"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} by {self.by}"

    @classmethod
    def record(
        cls,
        action: Action,
        change: Change,
        *,
        organization: Any = None,
        api_key: Any = None,
        before: Facts = None,
        after: Facts = None,
    ) -> None:
        """Write the event. Call it inside the `atomic()` block of the change."""
        event = cls._made(action, change, organization, api_key, before, after)
        event.save(force_insert=True)

    @classmethod
    def record_each(cls, action: Action, change: Change, rows: Iterable[tuple[Any, Facts, Facts]]) -> None:
        """Write the event of each key that one change was made of: the key, its facts before, and after."""
        events = [cls._made(action, change, key.organization, key, before, after) for key, before, after in rows]
        ChangeEvent.objects.bulk_create(events)

    @classmethod
    def _made(
        cls, action: Action, change: Change, organization: Any, api_key: Any, before: Facts, after: Facts
    ) -> "ChangeEvent":
        event = cls(
            action=action,
            organization=organization,
            api_key=api_key,
            by=change.by.strip(),
            source=change.source,
            reason=change.reason.strip(),
            ticket=change.ticket.strip(),
            approved_by=change.approved_by.strip(),
            before=before or {},
            after=after or {},
        )
        event.clean_fields(exclude={"organization", "api_key"})  # rows that we have, and foreign keys anyway
        return event
