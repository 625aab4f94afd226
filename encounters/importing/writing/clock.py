"""The time of import. It catches up with the real time in each batch, and no two encounters of a run share it."""

from datetime import datetime, timedelta

from django.utils import timezone

MICROSECOND = timedelta(microseconds=1)


class Clock:
    """Times that increase by a microsecond with each row, and are never behind the real time by more than a batch."""

    def __init__(self) -> None:
        self.now = timezone.now()

    def start_batch(self) -> None:
        """Catch up with the real time, unless the rows of the last batch are already ahead of it."""
        self.now = max(self.now + MICROSECOND, timezone.now())

    def tick(self) -> datetime:
        """Return the time of the next row."""
        self.now += MICROSECOND
        return self.now
