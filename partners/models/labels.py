"""The labels of one organization's keys: those that look alike are written alike."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from partners.models.organization import Organization
from partners.names import key as name_key


def refuse_twin(keys: QuerySet[Any], organization: Organization | None, label: str) -> None:
    """Raise ValidationError where a key that may still call has a label that looks like this one, but is another.

    One label for several keys of one system is no twin. Call it in the transaction that makes the key: it locks the
    organization, so that no twin comes at the same time.
    """
    if organization is not None:
        Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    alike = keys.filter(organization=organization, label_key=name_key(label), revoked_at=None).exclude(label=label)
    twin = alike.exclude(expires_at__lte=timezone.now()).first()
    if twin is not None:
        message = f"Another key has the label “{twin.label}”. Write it the same, or choose another label."
        raise ValidationError({"label": ValidationError(message, code="twin")})
