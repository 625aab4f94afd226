"""How a command hands over a key: by a link to the contact, on standard output, or in a file for its owner alone."""

import os
from contextlib import nullcontext
from typing import IO, Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from partners.api import base_url
from partners.formats.files import new_file
from partners.formats.spans import duration, expiry
from partners.keys import lifetimes
from partners.keys.tokens import Token
from partners.management import output
from partners.management.base import ChangeCommand
from partners.models import ApiKey, KeyHandover
from partners.review.handing_over import Sender
from partners.review.mail import link_mail

SHOWN_ONCE = "The token. It is shown only once and is not stored. Copy all of it now:"
HELP = (
    " The token is shown only once. In scripts, use --json to print it as a value of the report, or --out to write "
    "only the token to a new file with mode 0600. If the token can't be written, nothing is changed. With --handover, "
    "nothing is shown: the organization's contact gets a link by e-mail, and the key is created when they collect it."
)


class TokenCommand(ChangeCommand):
    """A command that creates a key. The change is committed only after the token has been written.

    `by_link`: it can also send the organization's contact a link to the key.
    """

    by_link = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        ways = parser.add_mutually_exclusive_group()
        ways.add_argument("--out", metavar="FILE", help="write the token to this new file instead of printing it")
        if not self.by_link:
            parser.set_defaults(handover=False)
            return
        ways.add_argument("--handover", action="store_true", help="send the organization's contact a link to the key")
        parser.add_argument(
            "--phone-code", action="store_true", help="with --handover: print a code that the contact needs as well"
        )

    def print_report(self, options: dict[str, Any]) -> None:
        """Print the report before the commit, so that a token that can't be delivered never works."""
        if options["handover"] or self.asks(options):
            super().print_report(options)
            return
        out = options["out"]
        try:
            with nullcontext() if out is None else new_file(out) as file, transaction.atomic():
                super().print_report(options | {"file": file})
        except OSError as fault:
            raise CommandError(
                f"The token can't be written: {fault.strerror}. Nothing was changed. "
                "With --out, name a new file in a directory that you can write to."
            ) from None

    def report(self, **options: Any) -> dict[str, Any]:
        """Hand over the key, or ask for it, and return the report."""
        if self.asks(options):
            return self.ask(options)
        if options["handover"]:
            return self._send(options)
        key, token = self.make(options)
        if options["file"] is None:
            return self.describe(key) | {"token": token.text}
        write_through(options["file"], f"{token.text}\n")
        return self.describe(key) | {"token": None, "token_file": options["out"]}

    def asks(self, options: dict[str, Any]) -> bool:
        """Return True if another person must approve the key first."""
        return False

    def ask(self, options: dict[str, Any]) -> dict[str, Any]:
        """Ask for the key."""
        raise NotImplementedError

    def make(self, options: dict[str, Any]) -> tuple[ApiKey, Token]:
        """Create the key."""
        raise NotImplementedError

    def prepare(self, options: dict[str, Any]) -> KeyHandover:
        """Describe the key that the contact collects by link."""
        raise NotImplementedError

    def _send(self, options: dict[str, Any]) -> dict[str, Any]:
        link_mail.require_mail()
        if not base_url.stated():
            raise ValidationError("Set CHARTERO_BASE_URL: the link leads to it.", code="no_base_url")
        handover = self.prepare(options)
        by = Sender(self.change(options), None, base_url.stated())
        (delivery,) = by.send([handover], with_code=options["phone_code"])
        if delivery.fault:
            raise ValidationError(
                f"The link was not sent. {delivery.fault} Send it again on the page of link {handover.pk}.",
                code="not_sent",
            )
        return output.of_handover(handover) | ({"phone_code": delivery.code} if delivery.code else {})

    def describe(self, key: ApiKey) -> dict[str, Any]:
        return output.of_key(key)

    def lines(self, report: dict[str, Any]) -> list[str]:
        """Return labelled lines, then the token on a separate line."""
        token = report.pop("token", None)
        return super().lines(report) + (["", SHOWN_ONCE, token] if token else [])


def life(text: str | None) -> dict[str, Any]:
    """Return how long the key of a link lives: from its collection, or until a time; by default for None."""
    if text is None:
        return {"lifetime": lifetimes.default()}
    if text == "never":
        return {}
    try:
        return {"lifetime": duration(text)}
    except ValidationError:
        return {"expires_at": expiry(text)}


def write_through(file: IO[str], text: str) -> None:
    """Write `text` and make sure that it reaches the disk."""
    file.write(text)
    file.flush()
    os.fsync(file.fileno())
