"""The periods of a chart. Each ends with the current hour or day, in UTC, and has bars of one length."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """A period with so many bars. `name` is its name in the URL, `labelled` says which bars have a label."""

    name: str
    title: str
    bars: int
    length: timedelta
    labelled: range

    @property
    def of_hours(self) -> bool:
        """Return True if the last bar is the current hour; the last bars of longer periods are those of today."""
        return self.length == HOUR

    def start(self, now: datetime) -> datetime:
        """Return when the first bar begins."""
        return self.end(now) - self.bars * self.length

    def end(self, now: datetime) -> datetime:
        """Return when the last bar ends: it contains `now`, or belongs to the same day."""
        hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        return hour + HOUR if self.of_hours else hour.replace(hour=0) + DAY


SPANS = (
    Span("24h", "24 hours", 24, HOUR, range(0, 24, 4)),
    Span("7d", "7 days", 28, 6 * HOUR, range(0, 28, 4)),
    Span("30d", "30 days", 30, DAY, range(0, 30, 5)),
)
WEEK, LONGEST = SPANS[1], SPANS[-1]


def chosen(name: str) -> Span:
    """Return the span of this name; the week for any other name."""
    return {span.name: span for span in SPANS}.get(name, WEEK)
