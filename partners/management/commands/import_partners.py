"""`manage.py import_partners`: create the partners of a spreadsheet, and hand over their keys by link."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser

from partners.formats import sheets
from partners.management import exclusive, files, output
from partners.management.base import ChangeCommand
from partners.management.moving.carrying_out import Run
from partners.management.moving.columns import TITLES
from partners.management.moving.gathering import gathered
from partners.management.moving.plan import Plan, plans_for
from partners.management.moving.reading import rows_in

TABLES = {
    "errors": "Nothing was imported. Correct the file:",
    "not_imported": "Not imported:",
    "differences": "Different here, and left as it is:",
    "not_sent": "Links that were not sent:",
}


class Command(ChangeCommand):
    """Create the organizations of a CSV file with their access, and send a link to each key."""

    help = (
        "Create the organizations of a CSV file with their contacts and routes, and send each contact a link to the "
        f"keys. The first row has the headings: {TITLES}. One row for each key; only Organization is required. If "
        "anything is wrong, each error is reported and nothing is written. What exists already is compared and never "
        "changed, so the command can be run again: it sends the links that were not sent. With CHARTERO_FOUR_EYES, "
        "another person must approve each key and the access."
    )
    reason_required = True
    fault = ""  # what the command ends with, although it has a report

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="a CSV file in UTF-8, with commas, semicolons or tabs")
        parser.add_argument("--dry-run", action="store_true", help="only check the file and say what is new")
        parser.add_argument("--report", metavar="FILE", help="write a line of CSV about each key to this file")
        super().add_arguments(parser)

    def report(self, **options: Any) -> dict[str, Any]:
        """Read and compare everything, and import it if nothing is wrong."""
        change = self.change(options)
        change.require_reason()
        _require_new_place(options["report"], options["file"])
        with exclusive.only_run("import_partners") as alone:
            if not alone:
                raise ValidationError("Another import of partners is running. Wait until it ends.", code="busy")
            rows, faults = rows_in(options["file"])
            plans = plans_for(gathered(rows, faults), faults)
            if faults:
                errors = sorted((fault.facts for fault in faults), key=lambda each: each["line"] or 0)
                self.fault = f"{_counted(len(errors), 'error')} found. Nothing was imported."
                return {"dry_run": options["dry_run"], "errors": errors}
            return self._import(plans, None if options["dry_run"] else Run(change), options["report"])

    def _import(self, plans: Sequence[Plan], run: Run | None, path: str | None) -> dict[str, Any]:
        """Import the partners, and write the report to a file. If that fails in the end, it is still printed."""
        report: dict[str, Any] = {}
        try:
            with _sheet(path) as write:
                report = _imported(plans, run)
                write(report["keys"])
        except CommandError as fault:
            if not report:
                raise
            self.fault = f"{fault} "
        failed = {"organization": report["not_imported"], "link": report["not_sent"]}
        verbs = {"organization": "not imported", "link": "not sent"}
        left = ", ".join(f"{_counted(len(rows), noun)} {verbs[noun]}" for noun, rows in failed.items() if rows)
        self.fault = (self.fault + (f"{left}. Run the command again for what is left." if left else "")).strip()
        return report

    def print_report(self, options: dict[str, Any]) -> None:
        """Print the report. Exit with code 1 if nothing was imported, or if a link was not sent."""
        super().print_report(options)
        if self.fault:
            raise CommandError(self.fault)

    def lines(self, report: dict[str, Any]) -> list[str]:
        """Return a table of what somebody has to look at, then the numbers."""
        tables = [_table(title, report.get(name, [])) for name, title in TABLES.items()]
        shown = [line for table in tables for line in table]
        if report["errors"]:
            return shown
        states = Counter(each["state"] for each in report["keys"] if each["label"])
        counts = {f"keys {state}": count for state, count in sorted(states.items())}
        return shown + output.aligned(
            {f"organizations {each}": n for each, n in report["organizations"].items()} | counts
        )


def _require_new_place(report: str | None, source: str) -> None:
    """Raise ValidationError if the report would take the place of the source, or of a directory."""
    target = Path(report or "")
    if report is None or not target.exists():
        return
    if not target.is_file():
        raise ValidationError("--report is not the name of a file. Choose another.", code="no_file")
    if Path(source).exists() and target.samefile(source):
        raise ValidationError("--report would replace the file that is read. Choose another.", code="same_file")


@contextmanager
def _sheet(path: str | None) -> Iterator[Callable[[list[dict[str, Any]]], None]]:
    """Yield what writes the entries to a file. Whether it can be written is known before anything is imported."""
    with nullcontext() if path is None else files.destination(path, None) as file:
        yield lambda entries: file and file.writelines(sheets.of_facts(entries[0], entries))


def _imported(plans: Sequence[Plan], run: Run | None) -> dict[str, Any]:
    """Import the partners, or only compare them, and return the report."""
    differences = [each for plan in plans if plan.present for each in plan.present.differences(plan.partner)]
    new, not_imported, not_sent = [plan for plan in plans if plan.is_new], [], []
    present = len(plans) - len(new)
    if run is not None:
        run.create(plans)
        not_sent = run.send(plans)
        not_imported = [*run.refused.values()]
        new = [plan for plan in new if plan.present is not None]
    return {
        "dry_run": run is None,
        "errors": [],
        "not_imported": not_imported,
        "organizations": {"new": len(new), "present": present},
        "differences": differences,
        "not_sent": not_sent,
        "keys": [entry for plan in plans for entry in plan.entries()],
    }


def _table(title: str, rows: list[dict[str, Any]]) -> list[str]:
    if not rows:
        return []
    return [title, *output.table([[*rows[0]], *([output.plain(cell) for cell in row.values()] for row in rows)]), ""]


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
