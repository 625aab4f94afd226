"""Compare the rows of one table with its seals, in one pass over both."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from partners.models.seal import Seal, SealedRow
from partners.seals.canonical import rows
from partners.seals.canonical.rows import Row
from partners.seals.canonical.tables import SealedTable
from partners.seals.faults import Fault, Findings, Kind
from partners.seals.pruned import Pruned


class Comparison:
    """The comparison of one table from seal to seal, in the order of the chain, and then of what is not sealed yet."""

    def __init__(self, table: SealedTable, findings: Findings, pruned: Pruned) -> None:
        self._table, self._findings, self._pruned = table, findings, pruned
        self._form = 0
        self._rows: Iterator[Row] = iter(())
        self._next: Row | None = None

    def compare(self, seal: Seal, sealed: list[SealedRow], complete: datetime | None) -> None:
        """Compare the rows that a seal covers with those that it has.

        `complete`: when all earlier rows were sealed, so that none of these can be older; None if nobody knows.
        """
        found = [row.sealed for row in self._covered(seal.form, seal.first_id, seal.last_id)]
        self._findings.rows += len(sealed)
        if found != sealed:
            self._differ(seal, {row.id: row for row in sealed}, {row.id: row for row in found})
        self._times(sealed, seal, complete, seal.sealed_at)

    def finish(self, sealed_to: int, complete: datetime | None, now: datetime) -> None:
        """Look at the rows that no seal covers yet."""
        for row in self._covered(self._table.form, sealed_to + 1, rows.ABOVE_ALL):
            self._findings.unsealed += 1
            self._times([row.sealed], None, complete, now)

    def _covered(self, form: int, first: int, last: int) -> Iterator[Row]:
        if form != self._form:
            self._form = form
            self._rows = rows.read(self._table, form, first - 1, rows.ABOVE_ALL)
            self._next = next(self._rows, None)
        while self._next is not None and self._next.id <= last:
            if self._next.id >= first:
                yield self._next
            self._next = next(self._rows, None)

    def _differ(self, seal: Seal, sealed: dict[int, SealedRow], found: dict[int, SealedRow]) -> None:
        self._refresh([row for pk, row in sealed.items() if pk not in found])
        for pk in sorted(sealed.keys() | found.keys()):
            if pk not in sealed:
                self._add(Kind.ROW_INSERTED, seal, pk, found[pk])
            elif pk in found:
                if found[pk] != sealed[pk]:
                    self._add(Kind.ROW_ALTERED, seal, pk, found[pk])
            elif self._pruned.covers(sealed[pk].moment):
                self._findings.pruned += 1
            else:
                self._add(Kind.ROW_REMOVED, seal, pk)

    def _refresh(self, removed: list[SealedRow]) -> None:
        """Look again which deletions are recorded, if those that are known don't cover each of these rows."""
        if not all(self._pruned.covers(row.moment) for row in removed):
            self._pruned.refresh()

    def _times(self, sealed: Iterable[SealedRow], seal: Seal | None, complete: datetime | None, now: datetime) -> None:
        """Find rows whose time is before the last complete seal, or after this one."""
        apart = self._table.apart // timedelta(microseconds=1)
        latest = rows.microseconds(now) + apart
        earliest = rows.microseconds(complete) - apart if complete else rows.BELOW_ALL
        for row in sealed:
            if not earliest <= row.moment <= latest:
                self._add(Kind.ROW_TIME, seal, row.id)

    def _add(self, kind: Kind, seal: Seal | None, pk: int, found: SealedRow | None = None) -> None:
        digest = found.digest.hex() if found else ""
        number = None if seal is None else seal.number
        self._findings.add(Fault(kind, self._table.name, number, pk, found=digest))
