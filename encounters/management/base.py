"""What the commands that import records share: whose they are, what they are, how they came, and how it went."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from django import db
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from tqdm import tqdm

from encounters.importing.codes import Outcome
from encounters.importing.job import Job
from encounters.importing.reading.files import Export
from encounters.importing.reading.lines import Progress
from encounters.models import RecordClass, SourceRecord
from partners.formats import escapes
from partners.management import output
from partners.management.base import ReportCommand
from partners.models.lookup import find_organization

LONGEST_SOURCE = SourceRecord._meta.get_field("source").max_length or 0


class Report(Protocol):
    """What a run has found."""

    unreadable: list[str]

    def as_json(self) -> dict[str, Any]:
        """Return it for machines: its counts and its first issues, and how many more of these there were."""


class ImportCommand(ReportCommand):
    """A command that takes files in for an organization; a second run of the same files changes nothing.

    Subclasses give `path_help`, `find()`, `run()` and `issue()`.
    """

    path_help = ""
    unreadable: Sequence[str] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the path, whose it is and what it is."""
        super().add_arguments(parser)
        parser.add_argument("path", metavar="PATH", type=Path, help=self.path_help)
        parser.add_argument("--organization", required=True, metavar="ORG", help="an org_… id or the exact name")
        parser.add_argument("--record-class", required=True, choices=RecordClass.values, help="what the records are")
        parser.add_argument("--source", metavar="NAME", help="the server it comes from (default: the name of PATH)")
        parser.add_argument(
            "--created-at",
            choices=("import", "service"),
            default="import",
            help="what created_at tells: the time of import (default), or the start of the encounter, for old records",
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="go all the way and write nothing; on SQLite, others cannot write meanwhile",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Import and report; a file that cannot be read to its end makes the exit code 1."""
        super().handle(*args, **options)
        if self.unreadable:
            names = escapes.escaped(", ".join(self.unreadable))
            raise CommandError(
                f"Not read to the end: {names}. Only what could be read is imported; the issues say what is wrong. "
                "Get the export again, and import it as well."
            )

    def report(self, **options: Any) -> dict[str, Any]:
        """Import, and return the report for machines."""
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
        """Return the issues, one a line, and at last the counts."""
        blocks = [
            [self.issue(each) for each in report["issues"]],
            _table(report["counts"]),
            [f"{count:>9}  {code}" for code, count in report.get("codes", {}).items()],
            ["A dry run: nothing was written."] if report["dry_run"] else [],
        ]
        if report["issues_not_listed"]:
            blocks[0].append(f"… and {report['issues_not_listed']} more, counted below")
        return "\n\n".join("\n".join(block) for block in blocks if block).split("\n")

    def find(self, path: Path) -> Export:
        """Return the files at `path`; ValidationError, saying what to do, if there are none."""
        raise NotImplementedError

    def run(self, job: Job, export: Export, progress: Progress, *, dry_run: bool) -> Report:
        """Import the files."""
        raise NotImplementedError

    def issue(self, issue: dict[str, Any]) -> str:
        """Return one issue in a line."""
        raise NotImplementedError

    def _run(self, job: Job, export: Export, options: dict[str, Any]) -> Report:
        silent = True if options["json"] else None  # None: silent unless on a terminal
        bar = tqdm(total=export.size(), unit="B", unit_scale=True, disable=silent, file=sys.stderr, leave=False)
        try:
            with bar:
                return self.run(job, export, bar.update, dry_run=options["dry_run"])
        except db.Error:  # its own words may quote a patient's row
            raise CommandError(
                "The database failed or was busy for too long. Whole batches are written or not at all: "
                "run the same command again, and it goes on from there."
            ) from None


def _source(name: str | None, export: Export) -> str:
    source = export.name if name is None else name.strip()
    if not (0 < len(source) <= LONGEST_SOURCE and source.isprintable()):
        raise ValidationError(f"Name the source with --source, in 1 to {LONGEST_SOURCE} printable characters.")
    return source


def _table(counts: dict[str, dict[str, int]]) -> list[str]:
    """Return a line for each type, a column for each outcome that occurred."""
    outcomes = [each.value for each in Outcome if any(each.value in counted for counted in counts.values())]
    cells = [[name, *(str(counted.get(outcome, 0)) for outcome in outcomes)] for name, counted in counts.items()]
    return output.table([["type", *outcomes], *cells])
