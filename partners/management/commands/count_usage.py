"""`manage.py count_usage`: add the new records of calls to the counts behind the charts."""

from typing import Any

from partners.management.base import ReportCommand
from partners.usage import counting, reading


class Command(ReportCommand):
    """Add the records that wait to the counts of usage, and delete the counts that no chart shows any more."""

    help = (
        "Count the calls that were recorded since the last run, for the charts and lists of the staff's pages, and "
        "delete counts that no chart shows any more. Calls can continue meanwhile. You can stop it and run it again at "
        "any time. Pages show exact numbers without it, but take longer the more calls are not counted yet."
    )

    def report(self, **options: Any) -> dict[str, Any]:
        """Count and prune."""
        added = counting.count()
        counting.prune()
        return {"counted": added, "waiting": reading.found().waiting}
