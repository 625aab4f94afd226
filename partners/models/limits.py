"""How many calls a minute a key or an organization may make, and what is counted in a minute."""

from dataclasses import dataclass
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

MOST_CALLS = 1_000_000  # a minute; more is no limit


class Limited(models.Model):
    """A key or an organization, whose calls staff can limit."""

    calls_per_minute = models.PositiveIntegerField(
        "limit, in calls a minute",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_CALLS)],
    )

    class Meta:
        abstract = True


AT_LEAST_ONE = Q(calls_per_minute=None) | Q(calls_per_minute__gte=1)


class WrongKeys(models.Model):
    """The calls with a wrong key from one network in one minute: the latest with such a call."""

    network = models.CharField(max_length=43, primary_key=True)
    minute = models.DateTimeField(db_index=True)
    calls = models.PositiveIntegerField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.calls} × {self.network}"


class GuessingAlert(models.Model):
    """An alert about a network that was sent to staff: one a day."""

    network = models.CharField(max_length=43)
    day = models.DateField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["network", "day"], name="guessing_alert_once")]

    def __str__(self) -> str:
        return f"{self.network} on {self.day}"


@dataclass(frozen=True, slots=True)
class Use:
    """A limit, or None, and the calls that were counted against it in this minute."""

    limit: int | None
    calls: int

    def __str__(self) -> str:
        if self.limit is None:
            return "None"
        of_calls = f"{self.limit:,} call{'' if self.limit == 1 else 's'} a minute"
        return f"{of_calls}, {self.calls:,} used in this minute"


class LimitUse(models.Model):
    """The calls of a limited key or organization that were counted in one minute: the latest in which it called.

    Each has one row. `partners.decision.limits` writes it, with the minute of the database's clock.
    """

    subject = models.CharField("public id of the key or the organization", max_length=32, primary_key=True)
    minute = models.DateTimeField()
    calls = models.PositiveIntegerField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.calls} × {self.subject}"

    @classmethod
    def of(cls, *limited: Any) -> "list[Use]":
        """Return the limit of each key or organization and its calls in this minute: one SQL statement."""
        minute = timezone.now().replace(second=0, microsecond=0)
        rows = cls.objects.filter(subject__in=[each.public_id for each in limited], minute__gte=minute)
        calls = dict(rows.values_list("subject", "calls"))
        return [Use(each.calls_per_minute, calls.get(each.public_id, 0)) for each in limited]
