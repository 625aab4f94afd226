"""The time of import: it begins anew with each batch, and no two encounters of a run share it."""

from datetime import datetime, timedelta

from django.utils import timezone

MICROSECOND = timedelta(microseconds=1)


class Clock:
    """Times that rise by a microsecond from row to row, and never fall behind the clock by more than a batch."""

    def __init__(self) -> None:
        self.now = timezone.now()

    def start_batch(self) -> None:
        """Catch up with the real time, unless the rows of the last batch have run ahead of it."""
        self.now = max(self.now + MICROSECOND, timezone.now())

    def tick(self) -> datetime:
        """Return the next row's time."""
        self.now += MICROSECOND
        return self.now
