"""Run a whole import: every phase over every file, batch by batch, and the report."""

from collections.abc import Iterable, Iterator
from contextlib import closing, nullcontext
from itertools import islice

from django.utils import timezone

from encounters.fhir import binaries, resolving
from encounters.fhir.index import Index
from encounters.fhir.items import OTHER, Item, ItemFault
from encounters.fhir.mapping import mapped
from encounters.fhir.reading import read
from encounters.fhir.report import Report
from encounters.importing import rows
from encounters.importing.codes import Code, ImportOutcome, Level
from encounters.importing.dry_run import nothing_kept
from encounters.importing.job import Job
from encounters.importing.reading.files import BINARY, DELETIONS, ORDER, Export, SourceFile
from encounters.importing.reading.lines import Progress
from encounters.importing.report import FilePlace
from encounters.importing.rows import Row
from encounters.importing.writing import store
from encounters.importing.writing.clock import Clock

CONFLICTS = {
    ImportOutcome.CONFLICT_NO_VERSION: Code.CONFLICT_NO_VERSION,
    ImportOutcome.CONFLICT_SAME_VERSION: Code.CONFLICT_SAME_VERSION,
}
NOT_TAKEN_IN = {ImportOutcome.REJECTED, ImportOutcome.STALE, *CONFLICTS}


def run(job: Job, export: Export, progress: Progress, *, dry_run: bool = False) -> Report:
    """Import the export. A dry run keeps nothing."""
    with closing(Index(job.servers())) as index, nothing_kept(job) if dry_run else nullcontext():
        work = _Run(job, index, progress)
        work.through(export)
    return work.report


class _Run:
    def __init__(self, job: Job, index: Index, progress: Progress) -> None:
        self.job, self.index, self.progress = job, index, progress
        self.report, self.clock = Report(), Clock()
        self.today = timezone.now().date()

    def through(self, export: Export) -> None:
        """Go through the phases in order, over all files. Then mark the documents that were replaced."""
        for omission in export.omissions:
            self.report.add(omission.code, FilePlace(omission.file), OTHER)
        # By phase, not by file: a reference points to what an earlier phase has written, whichever file it is in.
        for phase in ORDER:
            for batch in rows.batches(self._rows(phase, export)):
                self._write(batch)
        # At the end, because the document that replaces another may be read before it.
        replaced = self.index.replaced()
        while chunk := list(islice(replaced, rows.BATCH_ROWS)):
            store.supersede(self.job, chunk)

    def _rows(self, phase: str, export: Export) -> Iterator[Row]:
        for file in export.files:
            if phase in file.phases:
                for item in self._items(phase, file):
                    yield from self._row(item)

    def _items(self, phase: str, file: SourceFile) -> Iterator[Item]:
        """Yield the items of this phase in the file. Issues with the file are reported in its first phase only."""
        first, seen, usable = phase == file.phases[0], 0, 0
        for thing in read(file, self.progress):
            if first:
                self._note(thing)
                usable += isinstance(thing, Item)
                seen += isinstance(thing, Item) or thing.code.level is Level.ERROR
            if isinstance(thing, Item) and thing.phase == phase and not self._is_taken(thing):
                yield thing
        if first:
            self._end(file, seen, usable)

    def _note(self, thing: Item | ItemFault) -> None:
        if isinstance(thing, ItemFault):
            self._note_fault(thing)
            return
        is_its_own = self._add_url(thing)
        if thing.phase == OTHER:
            self.report.count(OTHER, ImportOutcome.IGNORED)
        elif not is_its_own:
            self.report.add(Code.ID_TAKEN, thing.place, thing.type, thing.id)
            self.report.count(thing.type, ImportOutcome.REJECTED)
        elif thing.phase == BINARY:
            binaries.remember(thing, self.index)
            self.report.count(BINARY, ImportOutcome.READ)

    def _add_url(self, item: Item) -> bool:
        """Add the full URL of an item. Return False if another item in its Bundle already has the same id."""
        return not (item.scope and item.full_url) or self.index.add_url(item.scope, item.full_url, item.target)

    def _note_fault(self, fault: ItemFault) -> None:
        self.report.add(fault.code, fault.place, fault.type, fault.id)
        if fault.is_last:
            self.report.add_unread(fault.place.file)
        if fault.code.level is Level.ERROR and fault.code is not Code.UNREADABLE_FILE:
            self.report.count(fault.type, ImportOutcome.REJECTED)

    def _is_taken(self, item: Item) -> bool:
        """Return True if another resource in its Bundle has the same id."""
        if not (item.scope and item.full_url):
            return False
        return self.index.is_taken(item.scope, item.full_url, item.target)

    def _end(self, file: SourceFile, seen: int, usable: int) -> None:
        """Report a file without usable resources, or with fewer resources than the export says."""
        is_short = file.count is not None and seen < file.count
        if is_short:
            self.report.add(Code.FEWER_THAN_COUNTED, FilePlace(file.name), OTHER)
        if is_short or (seen and not usable):
            self.report.add_unread(file.name)

    def _row(self, item: Item) -> Iterator[Row]:
        """Yield the row of an item. Organizations and Binaries have no row; only an organization's name is kept."""
        if item.phase == DELETIONS:
            yield resolving.deletion(item)
        elif item.phase == "Organization":
            self._remember(item)
        elif item.phase != BINARY:
            yield self._mapped(item)

    def _mapped(self, item: Item) -> Row:
        if item.type == "DocumentReference":
            item = binaries.joined(item, self.index)
        found = mapped(item.type, item.body, self.today)
        found.version = found.version or item.modified
        self.index.add_identifiers(item.target, found.identifiers)
        return resolving.resolved(item, found, self.index)

    def _remember(self, item: Item) -> None:
        """Keep the identifiers and the name of an organization for the rest of the run."""
        found = mapped(item.type, item.body, self.today)
        self.index.add_identifiers(item.target, found.identifiers)
        self.report.count(item.type, ImportOutcome.READ)
        self._add(found.warnings, item)
        if found.values["name"]:
            self.index.add_organization(item.target, found.values["name"])

    def _write(self, batch: list[Row]) -> None:
        for row, outcome in zip(batch, store.write(self.job, self.clock, batch), strict=True):
            self.report.count(row.type, outcome)
            self._report(row, outcome)

    def _report(self, row: Row, outcome: ImportOutcome) -> None:
        # What was not written replaces nothing, and its warnings are about values that nobody will see.
        if outcome not in NOT_TAKEN_IN:
            self.index.add_replaced(row.replaces)
            self._add(row.mapped.warnings, row)
        self._add(filter(None, [row.refusal, CONFLICTS.get(outcome)]), row)

    def _add(self, codes: Iterable[Code], row: Row | Item) -> None:
        for code in codes:
            self.report.add(code, row.place, row.type, row.id)
