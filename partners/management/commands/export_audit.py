"""`manage.py export_audit`: write the record as audit events for other systems."""

import argparse
import re
import zlib
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser

from partners.audit.formats import FORMATS
from partners.audit.reading import Place
from partners.management.base import ChangeCommand
from partners.management.exclusive import only_run
from partners.management.exporting import PARTS, Cursor, Export
from partners.models.change import Action, ChangeEvent

_CURSOR = re.compile(r"([0-9]{1,18}):([0-9]{1,18})", re.ASCII)


class Command(ChangeCommand):
    """Write what was added to the record since the last run."""

    help = (
        "Write the calls and the changes that were added to the record since the last run into new files in FOLDER: as "
        "FHIR R4 AuditEvents (IHE BALP), or as JSON lines for a SIEM. Only what is certainly committed is written, so "
        "nothing is missed. You can stop it and run it again at any time. The first run of an export is recorded."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", metavar="FOLDER", type=Path, help="where to write; files have mode 0600")
        parser.add_argument("--format", choices=FORMATS, default="fhir", help="fhir (the default) or jsonl")
        parser.add_argument(
            "--state", metavar="FILE", type=Path, help="where the next run begins (default: state.json in FOLDER)"
        )
        parser.add_argument(
            "--after",
            metavar="CALL:CHANGE",
            type=_pair,
            help="begin after this call and this change, as an earlier run printed them; the state is not read",
        )
        super().add_arguments(parser)

    def report(self, **options: Any) -> dict[str, Any]:
        """Write the files, and return how much was written and where the next run begins."""
        state: Path = options["state"] or options["folder"] / "state.json"
        with only_run(f"export_audit-{zlib.crc32(str(state.resolve()).encode()):08x}") as alone:
            if not alone:
                raise ValidationError("Another run of this export is going on.", code="running")
            export = Export(options["folder"], state, self._begin(state, options))
            export.run()
        written = {part.name: export.rows[part.name] for part in PARTS}
        return {**written, "files": export.files, "after": str(export.cursor)}

    def _begin(self, state: Path, options: dict[str, Any]) -> Cursor:
        """Return where the export begins. Record it, unless it continues from its own state."""
        FORMATS[options["format"]].require()
        if not options["folder"].is_dir():
            raise ValidationError(f"{options['folder']} is no folder.", code="no_folder")
        kept = Cursor.kept(state, options["format"]) if options["after"] is None else None
        cursor = kept or Cursor(options["format"], *(options["after"] or ()))
        cursor.require()
        if kept is None:
            after = {"list": "audit events", "filters": f"format={cursor.form}, after={cursor}"}
            ChangeEvent.record(Action.EXPORTED, self.change(options), after=after)
        return cursor


def _pair(text: str) -> tuple[Place, Place]:
    match = _CURSOR.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError("enter two numbers as 120:45: those of the last call and the last change")
    return Place(int(match[1])), Place(int(match[2]))
