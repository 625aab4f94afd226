"""What the provisioning commands share: who and why, plain text or JSON, and clear errors."""

import getpass
import json
from typing import Any

from django import db
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from partners.digests import DigestKeyUnavailable, InvalidDigestKeys
from partners.events import Change


class ReportCommand(BaseCommand):
    """A command that returns one report: lines for people, or with `--json` one object for machines.

    Subclasses give `report()`, which may raise ValidationError, and `lines()`.
    """

    def add_arguments(self, parser: CommandParser) -> None:
        """Take `--json`."""
        parser.add_argument("--json", action="store_true", help="print one JSON object, for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the report; every refusal ends with its reason and exit code 1."""
        try:
            report = self.report(**options)
        except ValidationError as refusal:
            raise CommandError(" ".join(refusal.messages)) from None
        except (DigestKeyUnavailable, InvalidDigestKeys) as fault:
            raise CommandError(str(fault)) from None
        except db.OperationalError:
            raise CommandError("The database is out of reach or busy; nothing was changed. Try again.") from None
        for line in [json.dumps(report)] if options["json"] else self.lines(report):
            self.stdout.write(line)

    def report(self, **options: Any) -> dict[str, Any]:
        """Do the work and return what there is to say."""
        raise NotImplementedError

    def lines(self, report: dict[str, Any]) -> list[str]:
        """Return the report as aligned `name  value` lines."""
        width = max(map(len, report))
        return [f"{name:<{width}}  {'–' if value is None else value}" for name, value in report.items()]


class ChangeCommand(ReportCommand):
    """A command that changes something: it records who, why and for which ticket."""

    reason_required = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Take `--reason`, `--ticket` and `--by` too."""
        super().add_arguments(parser)
        parser.add_argument("--reason", default="", required=self.reason_required, help="why, for the record")
        parser.add_argument("--ticket", default="", help="the ticket that asked for it, for the record")
        parser.add_argument("--by", default=None, help="who does it, for the record (default: your system login)")

    def change(self, options: dict[str, Any]) -> Change:
        """Return the record of who and why."""
        return Change(
            by=options["by"] or getpass.getuser(),
            source="command line",
            reason=options["reason"],
            ticket=options["ticket"],
        )
