"""Disable or revoke many keys at once, with a number of statements that does not grow with them.

On SQLite, the transaction blocks every call, so it must be short.
"""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from partners.models.change import Action, Change, ChangeEvent
from partners.models.key import ApiKey

FIELDS = {Action.KEY_DISABLED: "disabled_at", Action.KEY_REVOKED: "revoked_at"}


def lock(action: Action, pks: Sequence[int]) -> list[ApiKey]:
    """Lock those of the keys that allow the change, so that no other change can make one of them refuse."""
    keys = ApiKey.objects.select_for_update(no_key=True).order_by("pk").prefetch_related("organization", "scopes")
    return [*keys.filter(pk__in=pks).allowing(action)]


def end(action: Action, keys: Sequence[ApiKey], change: Change) -> None:
    """Disable or revoke keys that are locked, and record an event for each; raise ValidationError without a reason."""
    change.require_reason()
    ChangeEvent.of(change, action=action).clean_fields()  # the events differ only in their keys
    field, now = FIELDS[action], timezone.now()
    events = [ChangeEvent.of(change, action=action, organization=key.organization, api_key=key) for key in keys]
    for key, event in zip(keys, events, strict=True):
        event.before = key._facts()
        setattr(key, field, now)
        event.after = key._facts()
    with transaction.atomic():
        ApiKey.objects.filter(pk__in=[key.pk for key in keys]).update(**{field: now})
        ChangeEvent.objects.bulk_create(events)
