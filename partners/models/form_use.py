"""The use of a form that may be submitted only once."""

from django.db import models

from partners.identifiers import LENGTH
from partners.models.key import ApiKey


class FormUse(models.Model):
    """The use of one form, and the key that it created. No row is committed without a key."""

    nonce = models.CharField(max_length=LENGTH)
    api_key = models.OneToOneField(ApiKey, models.PROTECT, null=True, related_name="form_use")

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["nonce"], name="form_used_once")]

    def __str__(self) -> str:
        return self.nonce

    def made(self, key: ApiKey) -> None:
        """Save the key that this use created."""
        self.api_key = key
        self.save(update_fields=["api_key"])
