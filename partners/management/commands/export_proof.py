"""`manage.py export_proof`: write seals and their rows as files that an auditor verifies without our code."""

from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser

from partners.management.base import ChangeCommand
from partners.management.periods import add_period, period
from partners.models.change import Action, ChangeEvent
from partners.seals import proof
from partners.seals.canonical.tables import TABLES


class Command(ChangeCommand):
    """Write the proof, and record who asked for it."""

    help = (
        "Write the seals of a period with their rows into a new folder. examples/verify_proof.py verifies them with "
        "nothing but Python, its library cryptography, and the public keys. The rows are whole records: keep them as "
        "safe as the database. Your request is added to the audit record first."
    )
    reason_required = True

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", metavar="FOLDER", type=Path, help="a new folder, with mode 0700")
        parser.add_argument("--table", choices=[*TABLES], default="requests", help="what to prove (default: requests)")
        add_period(parser)
        super().add_arguments(parser)

    def report(self, **options: Any) -> dict[str, Any]:
        """Write the files, and return how much they have."""
        asked, folder = period(options), options["folder"]
        try:
            folder.mkdir(mode=0o700)
        except OSError as fault:
            raise ValidationError(f"{folder} can't be made: {fault.strerror}.", code="no_folder") from None
        after = {"list": "proof", "filters": f"table={options['table']}, from={asked.start}, to={asked.end}"}
        ChangeEvent.record(Action.EXPORTED, self.change(options), after=after)
        chosen = proof.Range(TABLES[options["table"]], asked.start, asked.end)
        return {"folder": str(folder), **proof.write(chosen, folder)}
