"""How a command hands over a token: on standard output, or in a new file that only its owner can read."""

import os
from contextlib import nullcontext
from typing import IO, Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from partners.keys.tokens import Token
from partners.management import output
from partners.management.base import ChangeCommand
from partners.management.files import new_file
from partners.models import ApiKey

SHOWN_ONCE = "The token. It is shown only once and is not stored. Copy all of it now:"
HELP = (
    " The token is shown only once. In scripts, use --json to print it as a value of the report, or --out to write "
    "only the token to a new file with mode 0600. If the token can't be written, nothing is changed."
)


class TokenCommand(ChangeCommand):
    """A command that creates a key. The change is committed only after the token has been written."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--out", metavar="FILE", help="write the token to this new file instead of printing it")

    def print_report(self, options: dict[str, Any]) -> None:
        """Print the report before the commit, so that a token that can't be delivered never works."""
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
        """Create the key, hand over its token, and return the report."""
        key, token = self.make(options)
        if options["file"] is None:
            return self.describe(key) | {"token": token.text}
        write_through(options["file"], f"{token.text}\n")
        return self.describe(key) | {"token": None, "token_file": options["out"]}

    def make(self, options: dict[str, Any]) -> tuple[ApiKey, Token]:
        """Create the key."""
        raise NotImplementedError

    def describe(self, key: ApiKey) -> dict[str, Any]:
        return output.of_key(key)

    def lines(self, report: dict[str, Any]) -> list[str]:
        """Return labelled lines, then the token on a separate line."""
        token = report.pop("token")
        return super().lines(report) + (["", SHOWN_ONCE, token] if token else [])


def write_through(file: IO[str], text: str) -> None:
    """Write `text` and make sure that it reaches the disk."""
    file.write(text)
    file.flush()
    os.fsync(file.fileno())
