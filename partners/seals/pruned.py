"""Which rows may be gone: those that a recorded deletion covers, if they were old enough for it."""

import json
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from partners.formats.moments import years_before
from partners.models.change import Action
from partners.record.retention import SHORTEST
from partners.seals.canonical import rows
from partners.seals.canonical.tables import CHANGES

_IS_DELETION = f" AND action = '{Action.RECORDS_PRUNED.value}'"


class Pruned:
    """Up to which time rows may have been pruned, as far as the changes say it.

    The record of a deletion is committed with its first batch, so it can be seen as soon as a row is gone.
    """

    def __init__(self) -> None:
        self._until = 0

    def refresh(self) -> None:
        """Look again which deletions are recorded."""
        columns = [column.name for column in CHANGES.columns(CHANGES.form)]
        found = rows.read(CHANGES, CHANGES.form, rows.BELOW_ALL, rows.ABOVE_ALL, _IS_DELETION)
        self._until = max((_until(dict(zip(columns, row.texts, strict=True))) for row in found), default=0)

    def covers(self, moment: int) -> bool:
        """Return True if a row with this time may have been pruned."""
        return moment < self._until


def _until(deletion: dict[str, Any]) -> int:
    """Return the time before which a deletion may have removed rows: what it says, but no row younger than six years.

    0 if the record of the deletion is damaged.
    """
    try:
        at = min(datetime.fromisoformat(f"{deletion['occurred_at']}+00:00"), timezone.now())
        stated = datetime.fromisoformat(json.loads(deletion["after"])["older_than"]).astimezone(UTC)
    except (ValueError, TypeError, KeyError, OverflowError):
        return 0
    return rows.microseconds(min(stated, years_before(at, SHORTEST)))
