"""The use of a form that may be submitted only once."""

from typing import cast

from django.db import models

from partners.identifiers import LENGTH
from partners.models.handover import KeyHandover
from partners.models.keys.key import ApiKey


class FormUse(models.Model):
    """The use of one form, and the key or the hand-over that it created. No row is committed without one of them."""

    nonce = models.CharField(max_length=LENGTH)
    api_key = models.OneToOneField(ApiKey, models.PROTECT, null=True, related_name="form_use")
    handover = models.OneToOneField(KeyHandover, models.PROTECT, null=True, related_name="form_use")

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["nonce"], name="form_used_once")]

    def __str__(self) -> str:
        return self.nonce

    @property
    def row(self) -> ApiKey | KeyHandover:
        """Return what this use created."""
        return cast(ApiKey | KeyHandover, self.api_key or self.handover)

    def made(self, row: ApiKey | KeyHandover) -> None:
        """Save what this use created."""
        field = "api_key" if isinstance(row, ApiKey) else "handover"
        setattr(self, field, row)
        self.save(update_fields=[field])
