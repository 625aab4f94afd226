"""The base of the import commands: their options, their progress bar, and the report they print."""

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from django import db
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from tqdm import tqdm

from encounters.importing.codes import ImportOutcome
from encounters.importing.job import Job
from encounters.importing.reading.files import Export
from encounters.importing.reading.lines import Progress
from encounters.models import RecordClass, SourceRecord
from partners.finding.lookup import find_organization
from partners.formats import escapes
from partners.management import output
from partners.management.base import ReportCommand

SELDOM = (50_000, 20, 50)  # as `gc.set_threshold` takes them
LONGEST_SOURCE = SourceRecord._meta.get_field("source").max_length or 0


class Report(Protocol):
    """The report of a run."""

    unreadable: list[str]

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON: counts, the first issues, and the number of issues not listed."""


class ImportCommand(ReportCommand):
    """A command that imports files for an organization. Importing the same files again changes nothing.

    Subclasses set `path_help` and implement `find()`, `run()` and `issue()`.
    """

    path_help = ""
    unreadable: Sequence[str] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("path", metavar="PATH", type=Path, help=self.path_help)
        parser.add_argument("--organization", required=True, metavar="ORG", help="an org_… id or the exact name")
        parser.add_argument(
            "--record-class", required=True, choices=RecordClass.values, help="the class of all records"
        )
        parser.add_argument(
            "--source", metavar="NAME", help="the system the files come from (default: the name of PATH)"
        )
        parser.add_argument(
            "--created-at",
            choices=("import", "service"),
            default="import",
            help="what to use as created_at: the time of the import (default), or the start of the encounter, for old "
            "records",
        )
        parser.add_argument("--dry-run", action="store_true", help="run the whole import, but write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import and report. Exit with code 1 if a file could not be read to its end."""
        super().handle(*args, **options)
        if self.unreadable:
            names = escapes.escaped(", ".join(self.unreadable))
            raise CommandError(
                f"Not read completely: {names}. Only the readable part was imported; see the issues above. "
                "Get the export again and import it, too."
            )

    def report(self, **options: Any) -> dict[str, Any]:
        """Run the import and return its report."""
        export = self.find(options["path"])
        job = Job(
            organization=find_organization(options["organization"]),
            source=_source(options["source"], export),
            record_class=RecordClass(options["record_class"]),
            service_dates=options["created_at"] == "service",
            transaction_time=export.transaction_time,
        )
        found = self._run(job, export, options)
        self.unreadable = found.unreadable
        facts = {"organization_id": job.organization.public_id, "source": job.source, "dry_run": options["dry_run"]}
        return facts | found.as_json()

    def lines(self, report: dict[str, Any]) -> list[str]:
        """Return the issues, one per line, then the counts."""
        blocks = [
            [self.issue(each) for each in report["issues"]],
            _table(report["counts"]),
            [f"{count:>9}  {code}" for code, count in report.get("codes", {}).items()],
            ["Dry run: nothing was written."] if report["dry_run"] else [],
        ]
        if report["issues_not_listed"]:
            blocks[0].append(f"… and {report['issues_not_listed']} more, included in the counts below")
        return "\n\n".join("\n".join(block) for block in blocks if block).split("\n")

    def find(self, path: Path) -> Export:
        """Return the files at `path`. Raise ValidationError, which says what to do, if there are none."""
        raise NotImplementedError

    def run(self, job: Job, export: Export, progress: Progress, *, dry_run: bool) -> Report:
        raise NotImplementedError

    def issue(self, issue: dict[str, Any]) -> str:
        """Return one issue as a line of text."""
        raise NotImplementedError

    def _run(self, job: Job, export: Export, options: dict[str, Any]) -> Report:
        silent = True if options["json"] else None  # None: silent unless on a terminal
        bar = tqdm(total=export.size(), unit="B", unit_scale=True, disable=silent, file=sys.stderr, leave=False)
        try:
            with bar, collecting_seldom():
                return self.run(job, export, bar.update, dry_run=options["dry_run"])
        except db.Error:  # its message may quote a patient's row
            raise CommandError(
                "The database failed or was busy for too long. All finished batches are saved. "
                "Run the same command again to continue."
            ) from None


@contextmanager
def collecting_seldom() -> Iterator[None]:
    """Collect garbage seldom. Rows leave none, and to look for it among all that is loaded takes long."""
    before = gc.get_threshold()
    gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _source(name: str | None, export: Export) -> str:
    source = export.name if name is None else name.strip()
    if not (0 < len(source) <= LONGEST_SOURCE and source.isprintable()):
        raise ValidationError(f"Set --source to a name of 1 to {LONGEST_SOURCE} printable characters.")
    return source


def _table(counts: dict[str, dict[str, int]]) -> list[str]:
    """Return a table with a line for each type and a column for each outcome that occurred."""
    outcomes = [each.value for each in ImportOutcome if any(each.value in counted for counted in counts.values())]
    cells = [[name, *(str(counted.get(outcome, 0)) for outcome in outcomes)] for name, counted in counts.items()]
    return output.table([["type", *outcomes], *cells])
