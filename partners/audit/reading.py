"""Rows of the record in the order of their ids, only those that are certainly committed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Max

from partners import writers
from partners.models import ChangeEvent, RequestRecord

BATCH = 1_000  # rows in memory at a time
PATIENCE = 30.0  # seconds to wait for transactions that write the record


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the record, and the name that files and cursors have for it."""

    name: str
    model: Any

    def last(self, after: int) -> int:
        """Return the last id that can be read; `after` if nothing was added since.

        Raise ValidationError if the record ends before `after`, because rows that are added to it would never be read,
        and if a transaction that writes the record doesn't end.
        """
        highest: int = self.model.objects.aggregate(highest=Max("pk"))["highest"] or after
        if highest < after:
            raise ValidationError(
                f"The record of {self.name} ends at {highest}, before {after}, where the export has to continue. Was a "
                "backup restored? Say where to continue with --after.",
                code="record_ends_before",
            )
        if not writers.ended(self.model._meta.db_table, PATIENCE):
            raise ValidationError(
                f"A transaction that writes {self.name} doesn't end, so they were not exported. Run the export again.",
                code="writers_busy",
            )
        return highest

    def batches(self, after: int, last: int) -> Iterator[list[Any]]:
        """Yield the rows after one id up to another."""
        while rows := list(self.model.objects.filter(pk__gt=after, pk__lte=last).order_by("pk")[:BATCH]):
            yield rows
            after = rows[-1].pk


CALLS, CHANGES = Part("calls", RequestRecord), Part("changes", ChangeEvent)
