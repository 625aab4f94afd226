"""Base classes of the commands: a report in text or JSON, who makes a change and why, errors that say what to do."""

import getpass
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django import db
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from partners.finding import lookup
from partners.formats import escapes
from partners.keys import in_text
from partners.keys.digests import DigestKeyUnavailable, InvalidDigestKeys
from partners.keys.seal_keys import InvalidSealKeys, SealKeyUnavailable
from partners.management import output
from partners.models import ApiKey
from partners.models.change import Change

OWNER_NEEDED = (
    "The role of DATABASE_URL may not do this. Run the command with the URL of the role that owns the tables, or run "
    "what manage.py grants prints if this one should do without."
)


class ReportCommand(BaseCommand):
    """A command that prints one report: lines for people, or one JSON object with `--json`.

    Subclasses implement `report()`, which may raise ValidationError, and can override `lines()`.
    """

    def run_from_argv(self, argv: list[str]) -> None:
        """Refuse a token in any argument before anything, such as a usage error, can store or repeat it."""
        if any(map(in_text.holds_token, argv)):
            self.stderr.write(f"CommandError: {lookup.REFUSAL_OF_TOKENS}")
            sys.exit(1)
        super().run_from_argv(argv)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the report as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the report; if the command refuses, print why and exit with code 1."""
        with refusals():
            self.print_report(options)

    def print_report(self, options: dict[str, Any]) -> None:
        """Do the work and print the whole report at once."""
        report = self.report(**options)
        lines = [json.dumps(report)] if options["json"] else map(escapes.escaped, self.lines(report))
        self.stdout.write("\n".join(lines))
        self.stdout.flush()

    def report(self, **options: Any) -> dict[str, Any]:
        raise NotImplementedError

    def lines(self, report: dict[str, Any]) -> list[str]:
        """Return the report as lines for people."""
        return output.aligned(report)


class ChangeCommand(ReportCommand):
    """A command that changes something. It records who made the change, why, and for which ticket."""

    reason_required = False

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--reason", default="", required=self.reason_required, help="why, for the audit record")
        parser.add_argument("--ticket", default="", help="the ticket that requested this, for the audit record")
        parser.add_argument("--by", default="", help="your name, for the audit record (default: your system user name)")

    def change(self, options: dict[str, Any]) -> Change:
        """Return who makes the change, why, and for which ticket."""
        return Change(
            by=options["by"].strip() or _login(),
            source="command line",
            reason=options["reason"],
            ticket=options["ticket"],
        )


class KeyCommand(ChangeCommand):
    """A command that changes one key and reports it. Subclasses implement `alter()`."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key", metavar="KEY", help="a key_… id or a public part; never a token")
        super().add_arguments(parser)

    def report(self, **options: Any) -> dict[str, Any]:
        """Change the key and return its facts."""
        key = lookup.find_key(options["key"])
        self.alter(key, self.change(options), options)
        return output.of_key(key)

    def alter(self, key: ApiKey, change: Change, options: dict[str, Any]) -> None:
        """Make the change to the key."""
        raise NotImplementedError


@contextmanager
def refusals() -> Iterator[None]:
    """Turn expected exceptions into a CommandError that says what to do."""
    try:
        yield
    except ValidationError as refusal:
        raise CommandError(escapes.escaped(_told(refusal))) from None
    except (DigestKeyUnavailable, SealKeyUnavailable) as fault:
        raise CommandError(str(fault)) from None
    except InvalidDigestKeys as fault:
        raise CommandError(f"CHARTERO_DIGEST_KEYS: {fault}.") from None
    except InvalidSealKeys as fault:
        raise CommandError(f"{fault}.") from None
    except UnicodeError:
        raise CommandError("The text is not valid UTF-8. Enter it again in a UTF-8 terminal.") from None
    except db.Error as fault:
        raise CommandError(database_fault(fault)) from None


def _told(refusal: ValidationError) -> str:
    if not hasattr(refusal, "error_dict"):
        return " ".join(refusal.messages)
    return " ".join(
        message if field == NON_FIELD_ERRORS else f"{field}: {message}"
        for field, messages in refusal.message_dict.items()
        for message in messages
    )


def database_fault(fault: db.Error) -> str:
    """Return what to do, in our own words: the database's message may quote a row."""
    if isinstance(fault, db.IntegrityError):
        return "Another change was made first, or a database constraint forbids this one. Nothing was changed."
    if is_forbidden(fault):
        return OWNER_NEEDED
    if isinstance(fault, db.ProgrammingError) or "no such" in str(fault):
        return "The database is not up to date. Run manage.py migrate."
    return "The database can't be reached or is busy. Try again."


def is_forbidden(fault: db.Error) -> bool:
    """Return True if the role of `DATABASE_URL` lacks a privilege that the statement needs."""
    return getattr(fault.__cause__, "sqlstate", None) == "42501"


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise ValidationError("Your system user has no name. Say who you are with --by.", code="by_required") from None
