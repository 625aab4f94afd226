"""`manage.py check_totals`: tell whether the counts that totals are read from are what the encounters are."""

from dataclasses import asdict, dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.db import connection

from encounters.totals import counting, drift
from encounters.totals.drift import Count, Month
from partners.management import output
from partners.management.base import ReportCommand
from partners.management.exclusive import only_run
from partners.models import Organization

LISTED = 100  # of the months that differ; all are counted, and repaired
COLUMNS = ("organization_id", "month", "kept", "true", "buckets")


@dataclass
class Findings:
    """What was compared, and the months that differ."""

    organizations: int = 0
    months: int = 0
    encounters: int = 0
    months_differing: int = 0
    differences: list[dict[str, Any]] = field(default_factory=list)

    def add(self, organization_id: str, month: Month, counts: list[Count]) -> None:
        """Take in one month: its own number, and how many of its buckets (it, its days, its hours) are wrong."""
        kept, true = (sum(getattr(each, of) for each in counts if each.grain == "month") for of in ("kept", "true"))
        wrong = sum(each.kept != each.true for each in counts)
        self.months += 1
        self.encounters += true
        self.months_differing += wrong > 0
        if wrong and len(self.differences) < LISTED:
            values = (organization_id, f"{month.first:%Y-%m}", kept, true, wrong)
            self.differences.append(dict(zip(COLUMNS, values, strict=True)))


class Command(ReportCommand):
    """Compare the kept counts with the encounters, and put right what differs if asked to."""

    help = (
        "Compare the kept counts, from which every total is read, with the encounters themselves: each month of each "
        "organization with its days and hours. Partners and imports go on meanwhile. Exit code 1 where something "
        "differs and is not repaired."
    )
    is_left = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whether to repair."""
        parser.add_argument("--repair", action="store_true", help="put right what differs")
        super().add_arguments(parser)

    def print_report(self, options: dict[str, Any]) -> None:
        """Compare and report; what is left differing makes the exit code 1."""
        super().print_report(options)
        if self.is_left:
            raise CommandError("Totals are not what the encounters are. Put them right with --repair.")

    def report(self, **options: Any) -> dict[str, Any]:
        """Compare, and repair if asked to, which one run does at a time."""
        if not counting.in_place(connection):
            told = "The triggers that keep the counts are not in place. Run manage.py migrate: it counts anew, too."
            raise ValidationError(told, code="not_kept")
        with only_run("check_totals") as alone:
            if not alone:
                raise ValidationError("Another run is under way. Wait for its end.", code="under_way")
            findings = _compared(repair=options["repair"])
        self.is_left = findings.months_differing > 0 and not options["repair"]
        return asdict(findings) | {"repaired": options["repair"]}

    def lines(self, report: dict[str, Any]) -> list[str]:
        """Return a line for each difference, and below them the numbers."""
        rows = [[str(value) for value in each.values()] for each in report["differences"]]
        listed = [*output.table([[*COLUMNS], *rows]), ""] if rows else []
        numbers = {name: value for name, value in report.items() if name != "differences"}
        return [*listed, *output.aligned(numbers)]


def _compared(*, repair: bool) -> Findings:
    findings, look = Findings(), drift.corrected if repair else drift.compared
    for pk, public_id in Organization.objects.order_by("pk").values_list("pk", "public_id"):
        findings.organizations += 1
        for month in drift.months(pk):
            findings.add(public_id, month, look(pk, month))
    return findings
