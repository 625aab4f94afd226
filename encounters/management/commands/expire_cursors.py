"""`manage.py expire_cursors`: after a restore, have every partner read the list of encounters again."""

from typing import Any

from django.utils import timezone

from encounters.changes import pruning
from partners.management.base import ReportCommand


class Command(ReportCommand):
    """Expire every cursor of changes, because a restored database lacks the changes since its backup."""

    help = (
        "Expire every cursor of changes, and delete the log of changes. Run it after a restore: cursors from after the "
        "backup point to changes that the database no longer has. Partners get cursor_expired once and read the list "
        "again."
    )

    def report(self, **options: Any) -> dict[str, Any]:
        """Begin a new era, named after the time: no era before has the same name."""
        return {"organizations": pruning.expire(int(timezone.now().timestamp()))}
