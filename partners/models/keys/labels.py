"""The labels of one organization's keys. Labels that look alike must be equal."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from partners.models.organization import Organization
from partners.names import key as name_key

LONGEST = 200  # characters of a label


def refuse_twin(keys: QuerySet[Any], organization: Organization | None, label: str) -> None:
    """Raise ValidationError if a key that may still call has a different label that looks like this one.

    The same label for several keys of one system is fine. Call this in the transaction that creates the key: it locks
    the organization, so that no twin is created at the same time.
    """
    if organization is not None:
        Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    alike = keys.filter(organization=organization, label_key=name_key(label), revoked_at=None).exclude(label=label)
    twin = alike.exclude(expires_at__lte=timezone.now()).first()
    if twin is not None:
        message = f"Another key has the similar label “{twin.label}”. Use exactly that label, or a different one."
        raise ValidationError({"label": ValidationError(message, code="twin")})
