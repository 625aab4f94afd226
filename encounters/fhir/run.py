"""A whole import: every phase over every file, batch by batch, and the report of it."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice

from django.db import transaction
from django.utils import timezone

from encounters.fhir import rows, store
from encounters.fhir.clock import Clock
from encounters.fhir.codes import Code, Outcome
from encounters.fhir.index import Index, Target
from encounters.fhir.items import OTHER, Fault, Item, read
from encounters.fhir.job import Job
from encounters.fhir.lines import Progress
from encounters.fhir.mapping import mapped
from encounters.fhir.report import Report
from encounters.fhir.rows import Row
from encounters.fhir.sources import DELETIONS, PHASES, Export, SourceFile

CONFLICTS = {
    Outcome.CONFLICT_NO_VERSION: Code.CONFLICT_NO_VERSION,
    Outcome.CONFLICT_SAME_VERSION: Code.CONFLICT_SAME_VERSION,
}
NOT_TAKEN_IN = {Outcome.REJECTED, Outcome.STALE, *CONFLICTS}


def run(job: Job, export: Export, progress: Progress, *, dry_run: bool = False) -> Report:
    """Import the export; a dry run is one transaction that is rolled back at its end."""
    with closing(Index()) as index:
        work = _Run(job, index, progress)
        if not dry_run:
            work.through(export)
            return work.report
        with transaction.atomic():
            work.through(export)
            transaction.set_rollback(True)
    return work.report


class _Run:
    def __init__(self, job: Job, index: Index, progress: Progress) -> None:
        self.job, self.index, self.progress = job, index, progress
        self.report, self.clock = Report(), Clock()
        self.today = timezone.now().date()

    def through(self, export: Export) -> None:
        """Go through the phases, whatever the order of the files, and at last mark what was replaced."""
        for phase in PHASES:
            for batch in rows.batches(self._rows(phase, export)):
                self._write(batch)
        replaced = self.index.replaced()
        while chunk := list(islice(replaced, rows.BATCH_ROWS)):
            store.supersede(self.job, chunk)

    def _rows(self, phase: str, export: Export) -> Iterator[Row]:
        for file in export.files:
            if phase in file.phases:
                for item in self._items(phase, file):
                    yield from self._row(item)

    def _items(self, phase: str, file: SourceFile) -> Iterator[Item]:
        """Yield the file's items of this phase; what is told once of a file is told in its first phase."""
        first = phase == file.phases[0]
        for thing in read(file, self.progress):
            if first:
                self._note(thing)
            if isinstance(thing, Item) and thing.phase == phase:
                yield thing

    def _note(self, thing: Item | Fault) -> None:
        if isinstance(thing, Fault):
            self.report.add(thing.code, thing.place, thing.type, thing.id)
            if thing.code is not Code.UNREADABLE_FILE:
                self.report.count(thing.type, Outcome.REJECTED)
            return
        if thing.full_url:
            self.index.add_url(thing.scope, thing.full_url, Target(thing.type, thing.id))
        if thing.phase == OTHER:
            self.report.count(OTHER, Outcome.IGNORED)

    def _row(self, item: Item) -> Iterator[Row]:
        """Map one item; an organization has no row, only a name to remember."""
        if item.phase == DELETIONS:
            yield rows.deletion(item)
            return
        found = mapped(item.type, item.body, self.today)
        self.index.add_identifiers(Target(item.type, item.id), found.identifiers)
        if item.type != "Organization":
            yield rows.resolved(item, found, self.index)
            return
        self.report.count(item.type, Outcome.READ)
        self._add(found.warnings, item)
        if found.values["name"]:
            self.index.add_organization(item.id, found.values["name"])

    def _write(self, batch: list[Row]) -> None:
        for row, outcome in zip(batch, store.write(self.job, self.clock, batch), strict=True):
            self.report.count(row.type, outcome)
            self._report(row, outcome)

    def _report(self, row: Row, outcome: Outcome) -> None:
        if outcome not in NOT_TAKEN_IN:
            self.index.add_replaced(row.replaces)
            self._add(row.mapped.warnings, row)
        self._add(filter(None, [row.refusal, CONFLICTS.get(outcome)]), row)

    def _add(self, codes: Iterable[Code], row: Row | Item) -> None:
        for code in codes:
            self.report.add(code, row.place, row.type, row.id)
