"""`manage.py prune_records`: delete the records that have been kept for long enough."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser

from partners.formats.moments import rfc3339
from partners.management.base import ChangeCommand
from partners.models import record
from partners.record import retention, unkeyed_answers
from partners.record.retention import Pruning

LARGEST = 10_000


class Command(ChangeCommand):
    """Delete requests, changes and counts that are older than the retention."""

    help = (
        "Delete the requests, changes and counts of answers without a key that are older than the retention, in "
        "batches; nothing younger. It may be broken off and run again at any time, and what it deletes is on record. "
        f"Single answers without a key are kept for {record.KEPT.days} days."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the age, the size of a batch, and whether only to count."""
        kept = retention.years()
        parser.add_argument("--years", type=int, default=kept, help=f"older than so many years: {kept}, or more")
        parser.add_argument("--dry-run", action="store_true", help="count what would be deleted, and delete nothing")
        parser.add_argument("--batch", type=int, default=1_000, help="rows of one transaction (default: 1000)")
        super().add_arguments(parser)

    def report(self, **options: Any) -> dict[str, Any]:
        """Delete, or count."""
        if not 1 <= options["batch"] <= LARGEST:
            raise ValidationError(f"--batch takes 1 to {LARGEST:,}.", code="invalid_batch")
        pruning = Pruning(options["years"], options["batch"])
        if options["dry_run"]:
            pruning.count()
        else:
            pruning.run(self.change(options))
        return {
            "older_than": rfc3339(pruning.cutoff),
            "deleted": not options["dry_run"],
            **pruning.numbers,
            "unkeyed_answers": unkeyed_answers.due().count() if options["dry_run"] else unkeyed_answers.prune(),
        }
