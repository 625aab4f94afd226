"""`manage.py verify_records`: find what was altered, removed or inserted since it was sealed."""

import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from partners.management import output
from partners.management.base import ReportCommand, refusals
from partners.management.files import standard_input
from partners.models import Seal, Verification
from partners.seals import verifying
from partners.seals.checkpoints import Checkpoint, InvalidCheckpoint
from partners.seals.faults import Findings

STDIN = "-"
COLUMNS = ("table", "fault", "number", "first")
TOUCHED = "The record is not what was sealed. docs/seals.md says what to do."


class Command(ReportCommand):
    """Verify the chain of seals and the rows that they cover, and exit with code 1 if there is an unexplained fault."""

    help = (
        "Verify every seal, and every row that is sealed. Names the first row of each table that was altered, removed "
        "or inserted, and exits with code 1, unless Security has explained it. Rows that prune_records deleted are no "
        "fault. Calls can continue meanwhile. With --checkpoint it also finds a backup that was restored, or a chain "
        "that was written again."
    )
    result: Verification

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from-seal", type=int, default=1, metavar="N", help="begin with this seal (default: 1)")
        checkpoint = (
            "a checkpoint that the chain must contain, - for standard input, or '' for none (default: the file of "
            "CHARTERO_CHECKPOINT_FILE)"
        )
        parser.add_argument("--checkpoint", metavar="FILE", help=checkpoint)
        super().add_arguments(parser)

    def print_report(self, options: dict[str, Any]) -> None:
        """Verify and report, then note the result for Home. Exit with code 1 if there is an unexplained fault.

        A run without the checkpoint of the settings takes back nothing that one with it found.
        """
        super().print_report(options)
        told = []
        passed_over = options["checkpoint"] == "" and settings.CHECKPOINT_FILE
        try:
            with refusals():
                if self.result.faults or not passed_over:
                    self.result.note()
        except CommandError as fault:
            told.append(f"The result was not noted for Home: {fault}")
        if self.result.is_open:
            told.insert(0, TOUCHED)
        elif self.result.faults:
            self.stderr.write("Security has explained these faults.")
        if told:
            raise CommandError(" ".join(told))

    def report(self, **options: Any) -> dict[str, Any]:
        """Verify and return the result."""
        start = options["from_seal"]
        _require_seal(start)
        path = settings.CHECKPOINT_FILE if options["checkpoint"] is None else options["checkpoint"]
        checkpoint = _checkpoint(path) if path else None
        started, begun = timezone.now(), time.monotonic()
        findings = _verified(start, checkpoint)
        seconds = time.monotonic() - begun
        self.result = Verification(
            started_at=started,
            finished_at=timezone.now(),
            first_seal=start,
            last_seal=findings.last_seal,
            rows=findings.rows,
            faults=findings.numbers.total(),
            first_faults=_noted(findings),
            digest=findings.digest(),
        )
        return _told(findings) | {"seconds": round(seconds, 1), "rows_per_second": round(findings.rows / seconds)}

    def lines(self, report: dict[str, Any]) -> list[str]:
        """Return a line for each kind of fault in each table, then the numbers."""
        rows = [[str(value) for value in fault.values()] for fault in report["faults"]]
        numbers = {name: value for name, value in report.items() if name != "faults"}
        listed = [*output.table([list(COLUMNS), *rows]), ""] if rows else []
        return [*listed, *output.aligned(numbers)]


def _require_seal(start: int) -> None:
    """Refuse to begin after the seal that comes next: a chain that was cut off before it would look sound."""
    if start < 1:
        raise ValidationError("--from-seal must be 1 or more.", code="invalid_seal")
    last = Seal.objects.last_number()
    if start > last + 1:
        raise ValidationError(f"There is no seal {start}; the last is {last}.", code="invalid_seal")


def _verified(start: int, checkpoint: Checkpoint | None) -> Findings:
    """Verify with a bar of progress, on a terminal only."""
    total = Seal.objects.filter(number__gte=start).count()
    with tqdm(total=total, unit=" seals", disable=not sys.stderr.isatty(), file=sys.stderr, leave=False) as bar:
        return verifying.verify(start, checkpoint, lambda seal: bar.update())


def _checkpoint(path: str) -> Checkpoint:
    try:
        return Checkpoint.read(standard_input().read() if path == STDIN else Path(path).read_text(encoding="utf-8"))
    except (InvalidCheckpoint, UnicodeError):
        raise CommandError(f"{path} is not a checkpoint.") from None
    except OSError as fault:
        raise CommandError(f"{path} can't be read: {fault.strerror}.") from None


def _noted(findings: Findings) -> list[dict[str, Any]]:
    return [
        {
            "kind": fault.kind.code,
            "words": str(fault)[: Verification.LONGEST_FAULT],
            "number": findings.numbers[place],
        }
        for place, fault in findings.first.items()
    ]


def _told(findings: Findings) -> dict[str, Any]:
    faults = [
        dict(zip(COLUMNS, (fault.table, fault.kind.code, findings.numbers[place], str(fault)), strict=True))
        for place, fault in findings.first.items()
    ]
    return {
        "faults": faults,
        "seals": findings.seals,
        "last_seal": findings.last_seal,
        "rows": findings.rows,
        "pruned": findings.pruned,
        "not_sealed_yet": findings.unsealed,
    }
