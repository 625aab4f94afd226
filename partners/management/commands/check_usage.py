"""`manage.py check_usage`: compare the counts behind the charts with the records of calls."""

from dataclasses import asdict, dataclass, field
from typing import Any

from django.core.management.base import CommandError, CommandParser

from partners.formats.moments import rfc3339
from partners.management import output
from partners.management.base import ReportCommand
from partners.usage import drift
from partners.usage.hours import Kind

LISTED = 100  # hours with differences that are listed; all of them are counted and repaired
COLUMNS = ("hour", "kept", "true", "counts")


@dataclass
class Comparison:
    """How many hours were compared, and those that differ."""

    hours: int = 0
    hours_differing: int = 0
    differences: list[dict[str, Any]] = field(default_factory=list)

    def add(self, hour: str | None, found: list[drift.Difference]) -> None:
        """Add one hour: the calls of all keys that are wrong, and how many of its counts are."""
        self.hours += 1
        self.hours_differing += bool(found)
        if found and len(self.differences) < LISTED:
            kept, true = (sum(getattr(each, of) for each in found if each.kind == Kind.ALL) for of in ("kept", "true"))
            self.differences.append(dict(zip(COLUMNS, (hour, kept, true, len(found)), strict=True)))


class Command(ReportCommand):
    """Compare the counts of usage with the records of calls, and correct them if asked to."""

    help = (
        "Compare the counts behind the charts of the staff's pages with the records of calls, hour by hour. Calls can "
        "continue meanwhile. Exits with code 1 if there are differences and --repair is not given."
    )
    is_left = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repair", action="store_true", help="count the hours that differ again")
        super().add_arguments(parser)

    def print_report(self, options: dict[str, Any]) -> None:
        """Compare and report. Exit with code 1 if differences remain."""
        super().print_report(options)
        if self.is_left:
            raise CommandError("The counts of usage differ from the records of calls. Correct them with --repair.")

    def report(self, **options: Any) -> dict[str, Any]:
        """Compare, and repair if asked to."""
        comparison, look = Comparison(), drift.corrected if options["repair"] else drift.compared
        for hour in drift.each_hour():
            comparison.add(rfc3339(hour), look(hour))
        self.is_left = comparison.hours_differing > 0 and not options["repair"]
        return asdict(comparison) | {"repaired": options["repair"]}

    def lines(self, report: dict[str, Any]) -> list[str]:
        """Return a line for each difference, then the numbers."""
        rows = [[str(value) for value in each.values()] for each in report["differences"]]
        listed = [*output.table([[*COLUMNS], *rows]), ""] if rows else []
        numbers = {name: value for name, value in report.items() if name != "differences"}
        return [*listed, *output.aligned(numbers)]
