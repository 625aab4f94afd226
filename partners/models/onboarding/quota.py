"""How many requests for access may come in a day of UTC, from one network and in all: exact over all processes."""

from datetime import UTC, date, datetime, time, timedelta

from django.db import models
from django.db.models import F
from django.utils import timezone

OF_NETWORK, OF_ALL = 5, 50
EVERYWHERE = "all"


class TooMany(Exception):
    """Today's requests were all sent. `seconds`: how long to wait for the next day."""

    def __init__(self, seconds: int) -> None:
        super().__init__("no more requests are accepted today")
        self.seconds = seconds


class OnboardingCount(models.Model):
    """The requests of one day from one network, or from everywhere. Only the newest day is kept."""

    source = models.CharField(max_length=43, primary_key=True)
    day = models.DateField()
    requests = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.requests} from {self.source}"

    @classmethod
    def take(cls, network: str) -> None:
        """Count a request, or raise TooMany. Call it inside the `atomic()` block that keeps the request.

        The row of a network is locked before the one of all, so that two requests can't wait for each other.
        """
        cls.forget_past()
        today = _today()
        for source, most in ((network, OF_NETWORK), (EVERYWHERE, OF_ALL)):
            cls.objects.get_or_create(source=source, defaults={"day": today})
            if not cls.objects.filter(source=source, requests__lt=most).update(requests=F("requests") + 1):
                raise TooMany(seconds_left())

    @classmethod
    def forget_past(cls) -> None:
        """Delete the counts of earlier days, and so the networks in them."""
        cls.objects.filter(day__lt=_today()).delete()


def _today() -> date:
    return timezone.now().astimezone(UTC).date()


def seconds_left() -> int:
    """Return the seconds until the next day of UTC."""
    now = timezone.now().astimezone(UTC)
    tomorrow = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
    return int((tomorrow - now).total_seconds()) + 1
