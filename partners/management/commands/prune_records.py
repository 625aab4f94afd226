"""`manage.py prune_records`: delete records older than the retention period."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser
from django.db import connection
from django.utils.text import get_text_list

from partners.formats.moments import rfc3339
from partners.management.base import ChangeCommand
from partners.models import OnboardingRequest, record
from partners.models.onboarding.request import KEPT
from partners.partitions import making
from partners.record import retention
from partners.record.retention import Pruning
from partners.record.unknown_callers import unkeyed_answers
from partners.review import onboarding
from partners.webhooks import pruning as webhooks

LARGEST = 10_000


def _short_lived() -> list[str]:
    return [
        f"single calls without a known key after {record.KEPT.days} days",
        f"webhook events after {webhooks.KEPT.days} days",
        f"access requests {KEPT.days} days after the decision",
        *(rows.told for rows in retention.SHORT_LIVED.values()),
    ]


class Command(ChangeCommand):
    """Delete requests, changes and counts that are older than the retention period."""

    help = (
        "Delete requests, changes and counts of calls without a known key that are older than the retention period, in "
        "batches; on PostgreSQL the requests of a month together, when the last is old enough. You can stop it and run "
        "it again at any time. Each deletion is recorded. It also deletes "
        f"{get_text_list(_short_lived(), 'and')}, and makes the ledger's partitions of the next months."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        kept = retention.years()
        parser.add_argument("--years", type=int, default=kept, help=f"minimum age: {kept} years (the default) or more")
        parser.add_argument("--dry-run", action="store_true", help="only count what would be deleted")
        parser.add_argument("--batch", type=int, default=1_000, help="rows per transaction (default: 1000)")
        super().add_arguments(parser)

    def report(self, **options: Any) -> dict[str, Any]:
        """Delete the records, or with `--dry-run` count them."""
        if not 1 <= options["batch"] <= LARGEST:
            raise ValidationError(f"--batch must be from 1 to {LARGEST:,}.", code="invalid_batch")
        pruning = Pruning(options["years"], options["batch"])
        if options["dry_run"]:
            pruning.count()
        else:
            making.ahead(connection)
            pruning.run(self.change(options))
        return {
            "older_than": rfc3339(pruning.cutoff),
            "deleted": not options["dry_run"],
            **pruning.numbers,
            "unkeyed_answers": unkeyed_answers.due().count() if options["dry_run"] else unkeyed_answers.prune(),
            "access_requests": OnboardingRequest.objects.due().count() if options["dry_run"] else onboarding.prune(),
            "webhook_events": webhooks.due().count() if options["dry_run"] else webhooks.prune(options["batch"]),
            **{
                name: rows.due() if options["dry_run"] else rows.prune(options["batch"])
                for name, rows in retention.SHORT_LIVED.items()
            },
        }
