"""The global switch for API-key authentication: one row, read with the facts of every call."""

from django.core.exceptions import ValidationError
from django.db import models, transaction

from partners.models.change import Action, Change, ChangeEvent


class ApiKeySwitch(models.Model):
    """The one row that says whether API keys are accepted at all."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    enabled = models.BooleanField(default=True)

    class Meta:
        verbose_name = "API-key switch"
        default_permissions = ("view",)
        permissions = [("turn_apikeyswitch", "Can switch API-key authentication on and off")]
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="api_key_switch_is_one_row")]

    def __str__(self) -> str:
        return "on" if self.enabled else "off"

    @classmethod
    def is_on(cls) -> bool:
        """Return True if API keys are accepted; False also before `migrate` has made the row."""
        return cls.objects.filter(id=1, enabled=True).exists()

    @classmethod
    def turn(cls, on: bool, change: Change) -> None:
        """Switch API keys on or off for everyone; raise ValidationError without a reason or a difference."""
        change.require_reason()
        with transaction.atomic():
            cls.objects.get_or_create(id=1)
            if not cls.objects.filter(enabled=not on).update(enabled=on):
                state = "on" if on else "off"
                raise ValidationError(f"API-key authentication is already {state}.", code="unchanged")
            ChangeEvent.record(Action.API_KEYS_SWITCHED, change, before={"enabled": not on}, after={"enabled": on})
