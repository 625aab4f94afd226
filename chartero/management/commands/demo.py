"""`manage.py demo`: from an empty database to a running API with invented data."""

import os
import socket
import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser

from chartero.demo import partners, situations
from chartero.paths import ALL
from partners.keys import seal_keys
from partners.management import output
from partners.management.base import ReportCommand
from partners.seals import sealing

HOST = "127.0.0.1"
COLUMNS = ["SITUATION", "CALL", "EXPECTED", "GOT"]


class Command(ReportCommand):
    """Prepare the demonstration, call every situation, then serve."""

    help = (
        "Migrate, create two invented partners with encounters and keys in every state, call each situation, "
        "print a curl command and a user for each role, then serve on 127.0.0.1. You can run it again at any time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--port", type=int, default=8000, help="port to serve on (default: 8000)")
        parser.add_argument("--no-serve", action="store_true", help="stop before serving")

    def handle(self, *args: Any, **options: Any) -> None:
        """Report, then replace this process with the server."""
        if settings.ENVIRONMENT == "production":
            raise CommandError("The demonstration creates invented partners and users. It can't run in production.")
        if settings.SERVES != ALL:
            raise CommandError("The demonstration serves partners and staff. Unset CHARTERO_SERVES.")
        if not options["no_serve"]:
            _require_free_port(options["port"])
        super().handle(*args, **options)
        if not self.as_documented:
            raise CommandError("Some calls did not give the documented response. See the table.")
        if not options["no_serve"]:
            self.stdout.flush()
            _serve(options["port"])

    def report(self, **options: Any) -> dict[str, Any]:
        call_command("migrate", verbosity=0)
        organization, stranger = partners.organizations()
        outcomes = situations.results(organization, stranger)
        if seal_keys.private():
            sealing.seal()
        self.as_documented = all(outcome.as_documented for outcome in outcomes)
        return {
            "base_url": f"http://{HOST}:{options['port']}",
            "token": partners.working_key(organization),
            "organization_id": organization.public_id,
            "organization": organization.name,
            "logins": [{"username": login.username, "password": login.password} for login in partners.logins()],
            "situations": [
                {"situation": each.situation, "call": each.call, "expected": each.expected, "got": each.got}
                for each in outcomes
            ],
        }

    def lines(self, report: dict[str, Any]) -> list[str]:
        url = f"{report['base_url']}/external/v1/encounters?limit=2"
        return [
            *output.table([COLUMNS, *([row[column.lower()] for column in COLUMNS] for row in report["situations"])]),
            "",
            f"Organization  {report['organization']}  {report['organization_id']}",
            *(
                f"Sign in       {login['username']}  {login['password']}  at {report['base_url']}/admin/"
                for login in report["logins"]
            ),
            "",
            "Read encounters:",
            "",
            f"  curl -H 'Authorization: Bearer {report['token']}' '{url}'",
            "",
        ]


def _require_free_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError):
            raise CommandError(f"Port {port} can't be used. Choose another one with --port.") from None


def _serve(port: int) -> None:
    arguments = ["-m", "gunicorn", "-c", "python:chartero.gunicorn", "--bind", f"{HOST}:{port}", "chartero.wsgi"]
    os.chdir(settings.BASE_DIR)
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 – our own interpreter, no user input
