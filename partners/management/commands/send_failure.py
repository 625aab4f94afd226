"""`manage.py send_failure`: email staff that a service or a scheduled command failed."""

import socket
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from partners.management.base import ReportCommand
from partners.management.mailing import require_settings, sending
from partners.review.mail import emails


class Command(ReportCommand):
    """Send the e-mail. It needs no database, and no settings that pass the checks: either may be what failed."""

    requires_system_checks = []
    help = "Email staff that a unit of systemd failed on this machine, and where its log is. systemd runs this."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("unit", help="the unit, such as chartero-backup")

    def report(self, **options: Any) -> dict[str, Any]:
        """Send it, and return to whom."""
        require_settings()
        facts = {"unit": options["unit"], "machine": socket.gethostname()}
        subject = "{unit} failed on {machine}".format_map(facts)
        with sending(again=False):
            emails.message(subject, "failure", facts, settings.STAFF_EMAIL).send()
        return {"unit": options["unit"], "sent_to": settings.STAFF_EMAIL}
