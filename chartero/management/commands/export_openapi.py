"""`manage.py export_openapi`: the published contract as a file."""

import difflib
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chartero import openapi


class Command(BaseCommand):
    """Write the OpenAPI document, or compare a file with it."""

    help = (
        "Write the OpenAPI document of the partner API, as served at /openapi/v1/openapi.json, to a file or to the "
        "terminal. With --check, show how a file differs from the document, and fail if it does."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        where = parser.add_mutually_exclusive_group()
        where.add_argument("--output", type=Path, metavar="FILE", help="the file to write")
        where.add_argument("--check", type=Path, metavar="FILE", help="the file to compare")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare, write to a file, or print."""
        if options["check"]:
            self._compare(options["check"])
        elif options["output"]:
            _write(options["output"])
        else:
            self.stdout.write(openapi.text().decode(), ending="")

    def _compare(self, file: Path) -> None:
        kept, made = _read(file).splitlines(), openapi.text().decode().splitlines()
        changes = list(difflib.unified_diff(kept, made, str(file), "the contract", lineterm=""))
        self.stdout.writelines(f"{line}\n" for line in changes)
        if changes:
            raise CommandError(
                f"{file} differs from the contract. To accept the change: export_openapi --output {file}"
            )


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise CommandError(f"{file} can't be read: {fault}") from None


def _write(file: Path) -> None:
    try:
        file.write_bytes(openapi.text())
    except OSError as fault:
        raise CommandError(f"{file} can't be written: {fault.strerror}") from None
