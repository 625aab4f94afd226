"""`manage.py send_expiry_notices`: email contacts and staff about API keys that expire soon."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from partners.formats import moments, traces
from partners.management import output
from partners.management.base import ReportCommand
from partners.management.exclusive import only_run
from partners.management.mailing import require_settings
from partners.review import notices
from partners.review.mail import notice_mail
from partners.review.notices import Notice

COLUMNS = ["TO", "ORGANIZATION", "KEYS", "FIRST EXPIRY", "OUTCOME"]


class Command(ReportCommand):
    """Send every notice that is due, each once. Run it every hour."""

    help = (
        f"Email the contact of each organization, and staff, when API keys expire within "
        f"{', '.join(map(str, notices.DAYS))} days. Run it every hour. Each notice is sent once. If sending fails, the "
        "next run tries again. If several notices about a key were missed, only the most urgent one is sent."
    )

    failed = 0

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="show which notices are due, but send nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Send and report; exit with code 1 if an email could not be sent."""
        super().handle(*args, **options)
        if self.failed:
            raise CommandError(
                "Some emails could not be sent. The next run tries again. Check EMAIL_URL and the mail server."
            )

    def report(self, **options: Any) -> dict[str, Any]:
        """Return the emails and the outcome of each."""
        require_settings()
        if options["dry_run"]:
            return {"dry_run": True, "busy": False, "mails": [_entry(each, "due") for each in _due()]}
        with only_run("send_expiry_notices") as alone:
            mails = self._send() if alone else []
        return {"dry_run": False, "busy": not alone, "mails": mails}

    def lines(self, report: dict[str, Any]) -> list[str]:
        """Return a table with one line per email."""
        if report["busy"]:
            return ["Another run is already sending the notices."]
        rows = [[output.plain(value) for value in _row(mail)] for mail in report["mails"]]
        return output.table([COLUMNS, *rows]) if rows else ["No notice is due."]

    def _send(self) -> list[dict[str, Any]]:
        due, mails = _due(), []
        for notice, fault in notice_mail.send(due):
            self.failed += fault is not None
            mails.append(_entry(notice, "sent" if fault is None else f"failed: {traces.kind(fault)}"))
        return mails + [_entry(notice, "not tried") for notice in due[len(mails) :]]


def _due() -> list[Notice]:
    return notices.due(settings.STAFF_EMAIL)


def _entry(notice: Notice, outcome: str) -> dict[str, Any]:
    return {
        "to": notice.recipient.value,
        "organization": notice.organization and notice.organization.name,
        "organization_id": notice.organization and notice.organization.public_id,
        "keys": [
            {"key_id": each.key.public_id, "expires_at": moments.rfc3339(each.expires_at), "days": each.days}
            for each in notice.endings
        ],
        "outcome": outcome,
    }


def _row(mail: dict[str, Any]) -> list[Any]:
    return [mail["to"], mail["organization"], str(len(mail["keys"])), mail["keys"][0]["expires_at"], mail["outcome"]]
