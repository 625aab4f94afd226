"""`manage.py send_expiry_notices`: tell contacts and staff by e-mail which API keys end soon."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser

from partners.formats import moments, traces
from partners.management import output
from partners.management.base import ReportCommand
from partners.management.exclusive import only_run
from partners.review import mail as notice_mail
from partners.review import notices
from partners.review.notices import Notice

COLUMNS = ["TO", "ORGANIZATION", "KEYS", "FIRST END", "OUTCOME"]
DUMMY = "django.core.mail.backends.dummy.EmailBackend"


class Command(ReportCommand):
    """Send every notice that is due, each once; run it every hour."""

    help = (
        f"Tell by e-mail which API keys end within {', '.join(map(str, notices.DAYS))} days: the contact of each "
        "organization, and staff. Each notice is sent once; what could not be sent is tried again by the next run, "
        "and of what was missed only the most urgent is sent."
    )

    failed = 0

    def add_arguments(self, parser: CommandParser) -> None:
        """Take `--dry-run`."""
        super().add_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="say what is due, and send nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Send and report; exit code 1 where something could not be sent."""
        super().handle(*args, **options)
        if self.failed:
            raise CommandError("Not all could be sent; the next run tries again. Check EMAIL_URL and the mail server.")

    def report(self, **options: Any) -> dict[str, Any]:
        """Return the e-mails and what came of each."""
        _require_settings()
        if options["dry_run"]:
            return {"dry_run": True, "busy": False, "mails": [_entry(each, "due") for each in _due()]}
        with only_run("send_expiry_notices") as alone:
            mails = self._send() if alone else []
        return {"dry_run": False, "busy": not alone, "mails": mails}

    def lines(self, report: dict[str, Any]) -> list[str]:
        """Return a table, a line per e-mail."""
        if report["busy"]:
            return ["Another run is sending them."]
        rows = [[output.plain(value) for value in _row(mail)] for mail in report["mails"]]
        return output.table([COLUMNS, *rows]) if rows else ["No notice is due."]

    def _send(self) -> list[dict[str, Any]]:
        due, mails = _due(), []
        for notice, fault in notice_mail.send(due):
            self.failed += fault is not None
            mails.append(_entry(notice, "sent" if fault is None else f"failed: {traces.kind(fault)}"))
        return mails + [_entry(notice, "not tried") for notice in due[len(mails) :]]


def _require_settings() -> None:
    given = {
        "EMAIL_URL": settings.EMAIL_BACKEND != DUMMY,
        "CHARTERO_FROM_EMAIL": bool(settings.DEFAULT_FROM_EMAIL),
        "CHARTERO_STAFF_EMAIL": bool(settings.STAFF_EMAIL),
    }
    missing = [name for name, set_ in given.items() if not set_]
    if missing:
        raise ValidationError(f"No e-mail can be sent. Set {', '.join(missing)}.", code="no_mail")


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
