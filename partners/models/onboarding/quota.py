"""How many requests for access may come in a day of UTC, from one network and in all: exact over all processes."""

from datetime import UTC, date, datetime, time, timedelta

from django.db import connection, models, transaction
from django.utils import timezone

OF_NETWORK, OF_ALL = 5, 50
EVERYWHERE = "all"
# A request that begins on one day and gets its turn on the next one counts for the next one.
_COUNT = """
INSERT INTO partners_onboardingcount AS counted (source, day, requests) VALUES (%s, %s, 1)
ON CONFLICT (source) DO UPDATE SET
    requests = CASE WHEN counted.day < excluded.day THEN 1 ELSE counted.requests + 1 END,
    day = CASE WHEN counted.day < excluded.day THEN excluded.day ELSE counted.day END
WHERE counted.day < excluded.day OR counted.requests < %s
"""


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

        The row of all is locked before any other, so that two requests can't wait for each other.
        """
        today = connection.ops.adapt_datefield_value(_today())
        with connection.cursor() as cursor:
            for source, most in ((EVERYWHERE, OF_ALL), (network, OF_NETWORK)):
                cursor.execute(_COUNT, [source, today, most])
                if not cursor.rowcount:
                    raise TooMany(seconds_left())
        cls.forget_past()

    @classmethod
    def forget_past(cls) -> None:
        """Delete the counts of earlier days, and so the networks in them."""
        with transaction.atomic():
            cls.objects.select_for_update().filter(source=EVERYWHERE).first()
            cls.objects.filter(day__lt=_today()).delete()


def _today() -> date:
    return timezone.now().astimezone(UTC).date()


def seconds_left() -> int:
    """Return the seconds until the next day of UTC."""
    now = timezone.now().astimezone(UTC)
    tomorrow = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
    return int((tomorrow - now).total_seconds()) + 1
