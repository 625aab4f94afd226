"""A period that staff ask about: at most six years, and no later than now."""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils import timezone

from partners.formats.moments import years_before

LONGEST = 6  # years: 45 CFR 164.528(a)(1)


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` up to, but not including, `end`."""

    start: datetime
    end: datetime

    @classmethod
    def of(cls, start: datetime | None = None, end: datetime | None = None) -> "Period":
        """Return the period; by default the six years before its end, which is now. ValidationError if not allowed."""
        now = timezone.now()
        end = min(end or now, now)
        earliest = years_before(end, LONGEST)
        start = start or earliest
        if start >= end:
            raise ValidationError("The period must begin before it ends, and before now.", code="empty_period")
        if start < earliest:
            raise ValidationError(
                f"The period can be at most six years. With this end, it can begin on {earliest:%Y-%m-%d} or later.",
                code="period_too_long",
            )
        return cls(start, end)
