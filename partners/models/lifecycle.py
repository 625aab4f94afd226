"""Which changes a key allows at a moment, and what stands in the way of another."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db.models import Q

from partners.events import Action

if TYPE_CHECKING:
    from partners.models.key import ApiKey


def allowing(action: Action, now: datetime) -> Q:
    """Return the condition under which a key allows a change."""
    kept, living = Q(revoked_at=None), Q(expires_at=None) | Q(expires_at__gt=now)
    return {
        Action.KEY_ROTATED: kept & living & Q(rotated_at=None, disabled_at=None),
        Action.ROTATION_FINISHED: kept & living & Q(rotated_at__isnull=False),
        Action.KEY_DISABLED: kept & Q(disabled_at=None),
        Action.KEY_ENABLED: kept & Q(disabled_at__isnull=False),
        Action.KEY_REVOKED: kept,
        Action.SCOPES_CHANGED: kept,
    }[action]


def refusal(action: Action, key: "ApiKey") -> ValidationError:
    """Say which fact stands in the way of a change, the most final first, and what to do."""
    if key.revoked_at is not None:
        return ValidationError("The key is revoked, and that is final. Issue a new one.", code="revoked")
    if action is Action.KEY_ENABLED:
        return ValidationError("The key is not disabled.", code="not_disabled")
    if action is Action.KEY_DISABLED:
        return ValidationError("The key is disabled already.", code="disabled")
    if action is Action.ROTATION_FINISHED:
        return _no_overlap(key)
    if key.rotated_at is not None:
        successor = key.replaced_by.public_id
        return ValidationError(f"The key was rotated already. Go on with its successor {successor}.", code="rotated")
    if key.disabled_at is not None:
        return ValidationError("The key is disabled. Enable it first.", code="disabled")
    return ValidationError("The key has expired. Issue a new one.", code="expired")


def _no_overlap(key: "ApiKey") -> ValidationError:
    if key.rotated_at is None:
        return ValidationError("The key was not rotated, so there is no overlap to end.", code="not_rotated")
    return ValidationError("The overlap has ended already.", code="expired")
