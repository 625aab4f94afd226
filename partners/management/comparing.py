"""A command that compares counts that are kept with what they count."""

from typing import Any, ClassVar

from django.core.management.base import CommandError, CommandParser

from partners.management import output
from partners.management.base import ReportCommand


class ComparingCommand(ReportCommand):
    """A command that lists differences, and corrects them with `--repair`.

    `report()` returns numbers and `differences`, a list of dictionaries, and sets `is_left` if some are not corrected.
    """

    repairs: ClassVar[str]  # what `--repair` does
    differs: ClassVar[str]  # the error if differences are left
    is_left = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repair", action="store_true", help=self.repairs)
        super().add_arguments(parser)

    def print_report(self, options: dict[str, Any]) -> None:
        """Compare and report. Exit with code 1 if differences are left."""
        super().print_report(options)
        if self.is_left:
            raise CommandError(f"{self.differs} Correct them with --repair.")

    def lines(self, report: dict[str, Any]) -> list[str]:
        """Return a line for each difference, then the numbers."""
        rows = [[str(value) for value in each.values()] for each in report["differences"]]
        listed = [*output.table([list(report["differences"][0]), *rows]), ""] if rows else []
        numbers = {name: value for name, value in report.items() if name != "differences"}
        return [*listed, *output.aligned(numbers)]
