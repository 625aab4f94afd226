"""Run a transcript import: read line by line and write in batches, each in one transaction."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sized
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from encounters.importing.codes import Code, ImportOutcome
from encounters.importing.dry_run import nothing_kept
from encounters.importing.job import Job
from encounters.importing.reading import lines
from encounters.importing.reading.files import Export, Omission, SourceFile, is_ndjson, printable_name
from encounters.importing.reading.lines import Progress
from encounters.importing.report import FilePlace
from encounters.importing.rows import BATCH_ROWS, BATCH_WEIGHT, Row, batches
from encounters.importing.writing import store
from encounters.importing.writing.clock import Clock
from encounters.recordings import storage as recordings
from encounters.transcripts import audio, form
from encounters.transcripts.audio import Recording
from encounters.transcripts.form import LineFault, Visit
from encounters.transcripts.report import Report
from encounters.transcripts.rows import DOCUMENT, KINDS, TYPES, rows

LINES = "lines"
NOT_READ = "This file was not read. Rename it to end in .ndjson or .jsonl, or import it by its own path."
DESCRIBE = "Describe it with more than its id, on this line or on one that is imported earlier."
TODO = {
    Code.INVALID_JSON: "Write one JSON object per line, in UTF-8.",
    Code.LINE_TOO_LONG: f"Write at most {lines.LONGEST_LINE // 1024**2} MiB per line.",
    Code.UNRESOLVED_PATIENT: f"No patient with this id is known from this source. {DESCRIBE}",
    Code.UNRESOLVED_ENCOUNTER: f"No encounter with this id is known from this source. {DESCRIBE}",
    Code.PATIENT_MISMATCH: "The encounter belongs to another patient. Use the id of that patient.",
}
CONFLICTS = {
    ImportOutcome.CONFLICT_NO_VERSION: (
        "It already exists with other values. Set updated_at to show which version is newer."
    ),
    ImportOutcome.CONFLICT_SAME_VERSION: (
        "It already exists with other values and this updated_at. Set a later updated_at."
    ),
}


def find_export(path: Path) -> Export:
    """Return the file at `path`, or the files in it. Raise ValidationError, which says what to do, if there is none."""
    path = path.resolve()
    try:
        names = sorted(each for each in path.iterdir() if each.is_file()) if path.is_dir() else [path]
        paths = [each for each in names if is_ndjson(each) or each == path]
        for each in paths:
            each.open("rb").close()
    except OSError as fault:
        raise ValidationError(
            f"Can't read {path.name}: {fault.strerror}. Specify an NDJSON file or a folder.", code="unreadable"
        ) from None
    if not paths:
        raise ValidationError(f"The folder {path.name} has no .ndjson or .jsonl files.", code="nothing_to_import")
    files = tuple(SourceFile(each, printable_name(each.name), (LINES,)) for each in paths)
    return Export(path.name, files, omissions=tuple(_omissions(names, paths)))


def run(job: Job, export: Export, progress: Progress, *, dry_run: bool = False) -> Report:
    """Import the files. A dry run keeps nothing, and copies no recordings."""
    work = _Run(job, progress, dry_run)
    with nothing_kept(job) if dry_run else nullcontext():
        work.through(export)
    return work.report


@dataclass(slots=True)
class _Batch:
    """What is written together: rows by type, and the recordings that they refer to."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {each: [] for each in TYPES})
    last: dict[tuple[str, str], Row] = field(default_factory=dict)
    recordings: list[Recording] = field(default_factory=list)
    weight: int = 0

    def is_full_before(self, line: Sized) -> bool:
        """Return True if the batch must be written before it takes another line."""
        number = sum(map(len, self.rows.values()))
        return number >= BATCH_ROWS or (number > 0 and self.weight + len(line) > BATCH_WEIGHT)

    def add(self, row: Row) -> bool:
        """Add a row. Return False if it only repeats the last row with its id, as patients on several lines do."""
        last = self.last.get((row.type, row.id))
        if last is not None and replace(row, place=last.place, weight=last.weight) == last:
            return False
        self.last[row.type, row.id] = row
        self.rows[row.type].append(row)
        return True


class _Run:
    def __init__(self, job: Job, progress: Progress, dry_run: bool) -> None:
        self.job, self.progress, self.dry_run = job, progress, dry_run
        self.report, self.clock, self.batch = Report(), Clock(), _Batch()

    def through(self, export: Export) -> None:
        """Go through the files in order."""
        for omission in export.omissions:
            self.report.add(FilePlace(omission.file), "", NOT_READ)
        for file in export.files:
            taken = Counter(self._line(file, place, line) for place, line in self._lines(file))
            if taken[False] and not taken[True]:
                self.report.add_unread(file.name)
        self._write()

    def _lines(self, file: SourceFile) -> Iterator[tuple[FilePlace, bytes | Code]]:
        place = FilePlace(file.name, 0)
        try:
            with lines.opened(file.path, self.progress) as stream:
                for number, line in lines.numbered(stream):
                    place = FilePlace(file.name, number)
                    yield place, line
        except lines.FAULTS:
            self.report.add_unread(file.name)
            todo = "Get the file again. It can't be read from this line on."
            self.report.add(FilePlace(file.name, place.line + 1), "", todo)

    def _line(self, file: SourceFile, place: FilePlace, line: bytes | Code) -> bool:
        """Add one line to the batch, completely or not at all. Return True if it was added."""
        try:
            visit, found = self._read(file, line)
        except LineFault as fault:
            self.report.count("line", ImportOutcome.REJECTED)
            self.report.add(place, fault.at, fault.expected)
            return False
        self.report.count("line", ImportOutcome.READ)
        if self.batch.is_full_before(line):
            self._write()
        for row in rows(visit, place, len(line)):
            if not self.batch.add(row):
                self.report.count(KINDS[row.type], ImportOutcome.UNCHANGED)
        self.batch.recordings += found
        self.batch.weight += len(line)
        return True

    def _read(self, file: SourceFile, line: bytes | Code) -> tuple[Visit, list[Recording]]:
        body = line if isinstance(line, Code) else lines.parsed(line)
        if isinstance(body, Code):
            if lines.is_cut(line):
                self.report.add_unread(file.name)
            raise LineFault("", TODO[body])
        visit = form.visit(body)
        return visit, list(self._recordings(file, visit))

    def _recordings(self, file: SourceFile, visit: Visit) -> Iterator[Recording]:
        """Yield the recordings of a line, and change each document's path to the name in the storage."""
        for number, document in enumerate(visit.documents):
            if document.values.get("audio"):
                found = Recording.beside(file.path, document.values["audio"], self.job, document.id)
                if found is None:
                    raise LineFault(f"documents[{number}].audio", audio.EXPECTED)
                document.values["audio"] = found.name
                yield found

    def _write(self) -> None:
        """Write the batch. Copy recordings before the rows that refer to them; delete those without such a row."""
        batch, self.batch = self.batch, _Batch()
        before = self._recorded(batch)
        if not self.dry_run:
            for recording in batch.recordings:
                recording.keep()
        with self.job.alone(), transaction.atomic():
            for some in (some for each in TYPES for some in batches(batch.rows[each])):
                for row, outcome in zip(some, store.write(self.job, self.clock, some), strict=True):
                    self._report(row, outcome)
        if not self.dry_run:
            audio.drop((before | {each.name for each in batch.recordings}) - self._recorded(batch))

    def _recorded(self, batch: _Batch) -> set[str]:
        """Return the names of the recordings that the documents of the batch have in the database."""
        records: Any = self.job.records(DOCUMENT, [row.id for row in batch.rows[DOCUMENT]])
        return set(records.filter(document__audio__isnull=False).values_list("document__audio", flat=True))

    def _report(self, row: Row, outcome: ImportOutcome) -> None:
        self.report.count(KINDS[row.type], outcome)
        todo = TODO[row.refusal] if row.refusal else CONFLICTS.get(outcome)
        if todo:
            self.report.add(row.place, f"{KINDS[row.type]} {row.id}", todo)


def _omissions(names: Iterable[Path], read: Container[Path]) -> Iterator[Omission]:
    """Yield an omission for each file in the folder that is neither read nor a recording."""
    for path in names:
        if path not in read and path.suffix.lower() not in recordings.MEDIA_TYPES:
            yield Omission(Code.FILE_NOT_READ, printable_name(path.name))
