"""Rows of the record in the order of their ids, only those that are certainly committed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from partners import writers
from partners.models import ChangeEvent, RequestRecord

BATCH = 1_000  # rows in memory at a time
PATIENCE = 30.0  # seconds to wait for transactions that write the record


@dataclass(frozen=True, slots=True)
class Place:
    """A row that was exported: its id, and its moment if that is known. A restored backup gives the id to another."""

    pk: int = 0
    at: datetime | None = None


START = Place()


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the record, and the name that files and cursors have for it."""

    name: str
    model: Any

    def fault(self, after: Place) -> ValidationError | None:
        """Return what is wrong if the record is not the one that was exported: new rows have ids that were passed."""
        end = self._end(after)
        if end.pk < after.pk:
            return ValidationError(
                f"The record of {self.name} ends at {end.pk}, before {after.pk}, where the export has to continue. Was "
                "a backup restored? Say where to continue with --after.",
                code="record_ends_before",
            )
        if after.at is not None and not self._has(after.pk, after.at):
            return ValidationError(
                f"The record of {self.name} no longer has the row {after.pk} that was exported last. Was a backup "
                "restored? Say where to continue with --after.",
                code="record_differs",
            )
        return None

    def last(self, after: Place) -> Place:
        """Return the last row that can be read; `after` if nothing was added since.

        Raise ValidationError if a transaction that writes the record doesn't end.
        """
        end = self._end(after)
        if not writers.ended(self.model._meta.db_table, PATIENCE):
            raise ValidationError(
                f"A transaction that writes {self.name} doesn't end, so they were not exported. Run the export again.",
                code="writers_busy",
            )
        return end

    def _end(self, after: Place) -> Place:
        """Return the row with the highest id; `after` if there is no row."""
        end = self.model.objects.order_by("-pk").values_list("pk", "occurred_at").first()
        return after if end is None else Place(*end)

    def _has(self, pk: int, at: datetime) -> bool:
        """Return True if the row is there, or was pruned, which takes the oldest first."""
        found = self.model.objects.filter(pk=pk).values_list("occurred_at", flat=True).first()
        if found is None:
            return not self.model.objects.filter(pk__lt=pk, occurred_at__lt=at).exists()
        return bool(found == at)

    def batches(self, after: int, last: int) -> Iterator[list[Any]]:
        """Yield the rows after one id up to another."""
        while rows := list(self.model.objects.filter(pk__gt=after, pk__lte=last).order_by("pk")[:BATCH]):
            yield rows
            after = rows[-1].pk


CALLS, CHANGES = Part("calls", RequestRecord), Part("changes", ChangeEvent)
