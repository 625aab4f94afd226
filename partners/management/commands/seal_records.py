"""`manage.py seal_records`: seal the new rows of the record, once or as a service."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from partners.management.base import ReportCommand
from partners.management.stopping import stopped_by_signals
from partners.seals.canonical.tables import TABLES
from partners.seals.publishing import PublishingFault
from partners.seals.service import Service


class Command(ReportCommand):
    """Seal what waits, and report how many rows of each table."""

    help = (
        "Seal the rows of the record that are committed for certain. verify_records finds any that is altered, removed "
        "or inserted afterwards. Run it each minute, or with --serve as a service, which ends on SIGTERM or SIGINT. "
        "Calls never wait for it. Several can run at the same time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--serve", action="store_true", help="run as a service that seals each minute")
        super().add_arguments(parser)

    def report(self, **options: Any) -> dict[str, Any]:
        """Seal, and return how many rows."""
        running = Service()
        try:
            with stopped_by_signals(running.stopping.set):
                running.run(serve=options["serve"])
        except PublishingFault as fault:
            raise CommandError(str(fault)) from None
        return {name: running.sealed[name] for name in TABLES}
