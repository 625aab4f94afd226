"""Which changes a key allows in its current state, and why it refuses the others."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Self, TypeVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from partners.keys import lifetimes
from partners.models.change import Action, Change, ChangeEvent

Key = TypeVar("Key", bound="Lifecycle")


class KeyState(StrEnum):
    """The state of a key. If several apply, it is the most final one."""

    ACTIVE = "active"
    DISABLED = "disabled"
    EXPIRED = "expired"
    REVOKED = "revoked"


class LifecycleQuerySet(models.QuerySet[Key]):
    """Change many keys at once. No manager has these methods, so that nobody changes all keys by mistake."""

    def allowing(self, action: Action) -> Self:
        return self.filter(allowing(action, timezone.now()))

    def disable(self, change: Change) -> list[Key]:
        """Disable every key that allows it, and return these keys."""
        return self._change(Action.KEY_DISABLED, change, disabled_at=timezone.now())

    def revoke(self, change: Change) -> list[Key]:
        """Revoke every key that allows it, and return these keys."""
        return self._change(Action.KEY_REVOKED, change, revoked_at=timezone.now())

    def set_expiry(self, change: Change, end: datetime) -> list[Key]:
        """Let every key that allows it expire at `end`, and return these keys.

        Raise ValidationError if it is past, or if one of them would live longer than a key may from its issue.
        """
        issued = self.allowing(Action.EXPIRY_CHANGED).aggregate(first=models.Min("created_at"))["first"]
        lifetimes.require_extendable(end, issued or timezone.now())
        return self._change(Action.EXPIRY_CHANGED, change, expires_at=end)

    disable.queryset_only = revoke.queryset_only = set_expiry.queryset_only = True  # type: ignore[attr-defined]

    def _change(self, action: Action, change: Change, **values: Any) -> list[Key]:
        """Set the same values of all keys that allow it, all or none, with an event for each.

        They are locked first, so that the event's "before" is what this change really replaced.
        """
        change.require_reason()
        with transaction.atomic():
            locked = self.allowing(action).select_for_update(no_key=True).order_by("pk")
            keys = list(locked.prefetch_related("organization", "scopes"))
            before = [key._facts() for key in keys]
            self.model._default_manager.filter(pk__in=[key.pk for key in keys]).update(**values)
            for key in keys:
                vars(key).update(values)
            facts = zip(keys, before, [key._facts() for key in keys], strict=True)
            ChangeEvent.record_each(action, change, facts)
        return keys


class Lifecycle(models.Model):
    """When a key expires, and whether it was disabled, revoked or rotated. `ApiKey` adds its owner and its token."""

    expires_at = models.DateTimeField(null=True, blank=True)
    disabled_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)
    rotated_at = models.DateTimeField(null=True, editable=False)
    created_at: Any
    replaced_by: Any  # the successor of a rotated key

    class Meta:
        abstract = True

    @property
    def state(self) -> KeyState:
        if self.revoked_at is not None:
            return KeyState.REVOKED
        if self.expires_at is not None and self.expires_at <= timezone.now():
            return KeyState.EXPIRED
        return KeyState.ACTIVE if self.disabled_at is None else KeyState.DISABLED

    @property
    def latest_end(self) -> datetime | None:
        """Return the latest expiry that the key may get, or None if the deployment sets no limit."""
        return lifetimes.latest_end(self.created_at)

    def finish_rotation(self, change: Change) -> None:
        """End the overlap now; raise ValidationError if there is none, or if it is over."""
        self._change(Action.ROTATION_FINISHED, change, expires_at=lifetimes.soonest_end(self.created_at))

    def disable(self, change: Change) -> None:
        """Refuse calls until the key is enabled again; raise ValidationError if it is already disabled or revoked."""
        change.require_reason()
        self._change(Action.KEY_DISABLED, change, disabled_at=timezone.now())

    def enable(self, change: Change) -> None:
        """Undo `disable()`; raise ValidationError if the key isn't disabled, or is revoked."""
        change.require_reason()
        self._change(Action.KEY_ENABLED, change, disabled_at=None)

    def set_expiry(self, change: Change, end: datetime) -> None:
        """Let the key expire at `end`; raise ValidationError if it may not live until then, or is over or rotated."""
        change.require_reason()
        lifetimes.require_extendable(end, self.created_at)
        self._change(Action.EXPIRY_CHANGED, change, expires_at=end)

    def revoke(self, change: Change) -> None:
        """Refuse calls for good; raise ValidationError if the key is already revoked."""
        change.require_reason()
        self._change(Action.KEY_REVOKED, change, revoked_at=timezone.now())

    def _change(self, action: Action, change: Change, **values: Any) -> None:
        raise NotImplementedError

    def _facts(self) -> dict[str, Any]:
        raise NotImplementedError


def allowing(action: Action, now: datetime) -> Q:
    """Return the condition for keys that allow a change."""
    kept, living = Q(revoked_at=None), Q(expires_at=None) | Q(expires_at__gt=now)
    return {
        Action.KEY_ROTATED: kept & living & Q(rotated_at=None, disabled_at=None),
        Action.ROTATION_FINISHED: kept & living & Q(rotated_at__isnull=False),
        Action.KEY_DISABLED: kept & Q(disabled_at=None),
        Action.KEY_ENABLED: kept & Q(disabled_at__isnull=False),
        Action.KEY_REVOKED: kept,
        Action.SCOPES_CHANGED: kept,
        Action.KEY_LIMIT_CHANGED: kept,
        Action.NETWORKS_CHANGED: kept,
        Action.EXPIRY_CHANGED: kept & living & Q(rotated_at=None),
        Action.DESCRIPTION_CHANGED: Q(),
        Action.COMMENTED: Q(),
    }[action]


def refusal(action: Action, key: "Lifecycle") -> ValidationError:
    """Return what blocks a change, the most final fact first, and what to do."""
    if key.revoked_at is not None:
        return ValidationError("The key is revoked and can't be restored. Issue a new one.", code="revoked")
    if action is Action.KEY_ENABLED:
        return ValidationError("The key is not disabled.", code="not_disabled")
    if action is Action.KEY_DISABLED:
        return ValidationError("The key is already disabled.", code="disabled")
    if action is Action.ROTATION_FINISHED:
        return _no_overlap(key)
    if key.rotated_at is not None:
        successor = key.replaced_by.public_id
        return ValidationError(f"The key has already been rotated. Use its successor {successor}.", code="rotated")
    if action is Action.KEY_ROTATED and key.disabled_at is not None:
        return ValidationError("The key is disabled. Enable it first.", code="disabled")
    return ValidationError("The key has expired. Issue a new one.", code="expired")


def _no_overlap(key: "Lifecycle") -> ValidationError:
    if key.rotated_at is None:
        return ValidationError("The key was not rotated, so there is no overlap to end.", code="not_rotated")
    return ValidationError("The overlap is already over.", code="expired")
