"""A token's one way out of a command: to standard output, or into a new file that only its owner reads."""

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

SHOWN_ONCE = "The token, shown this once and stored nowhere; copy it whole:"
HELP = (
    " The token is shown once. For programs: --json prints it as one value of an object, --out writes nothing but the "
    "token into a new file of mode 0600. If it cannot be handed over, nothing is changed."
)


class TokenCommand(ChangeCommand):
    """A command that makes a key: its change is committed only once its token is out."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Take `--out` too."""
        super().add_arguments(parser)
        parser.add_argument("--out", metavar="FILE", help="write the token to this new file instead of printing it")

    def print_report(self, options: dict[str, Any]) -> None:
        """Print the report before the commit, so that a token that reaches nobody opens nothing."""
        out = options["out"]
        try:
            with nullcontext() if out is None else new_file(out) as file, transaction.atomic():
                super().print_report(options | {"file": file})
        except OSError as fault:
            raise CommandError(
                f"The token cannot be written: {fault.strerror}. Nothing was changed. "
                "--out takes a new file in a directory that you may write to."
            ) from None

    def report(self, **options: Any) -> dict[str, Any]:
        """Make the key, hand its token over, and return what there is to say."""
        key, token = self.make(options)
        if options["file"] is None:
            return self.describe(key) | {"token": token.text}
        write_through(options["file"], f"{token.text}\n")
        return self.describe(key) | {"token": None, "token_file": options["out"]}

    def make(self, options: dict[str, Any]) -> tuple[ApiKey, Token]:
        """Make the key."""
        raise NotImplementedError

    def describe(self, key: ApiKey) -> dict[str, Any]:
        """Return the facts of the key made."""
        return output.of_key(key)

    def lines(self, report: dict[str, Any]) -> list[str]:
        """Return labelled lines, and the token on a line of its own."""
        token = report.pop("token")
        return super().lines(report) + (["", SHOWN_ONCE, token] if token else [])


def write_through(file: IO[str], text: str) -> None:
    """Write `text` as far as the disk."""
    file.write(text)
    file.flush()
    os.fsync(file.fileno())
