"""`manage.py check_usage`: compare the counts behind the charts with the records of calls."""

from dataclasses import asdict, dataclass, field
from typing import Any

from partners.formats.moments import rfc3339
from partners.management.comparing import ComparingCommand
from partners.usage import drift
from partners.usage.hours import Kind

LISTED = 100  # hours with differences that are listed; all of them are counted and repaired
COLUMNS = ("hour", "kept", "true", "counts")


@dataclass
class Comparison:
    """How many hours were compared, and those that differ."""

    hours: int = 0
    hours_differing: int = 0
    differences: list[dict[str, Any]] = field(default_factory=list)

    def add(self, hour: str | None, found: list[drift.Difference]) -> None:
        """Add one hour: the calls of all keys that are wrong, and how many of its counts are."""
        self.hours += 1
        self.hours_differing += bool(found)
        if found and len(self.differences) < LISTED:
            kept, true = (sum(getattr(each, of) for each in found if each.kind == Kind.ALL) for of in ("kept", "true"))
            self.differences.append(dict(zip(COLUMNS, (hour, kept, true, len(found)), strict=True)))


class Command(ComparingCommand):
    """Compare the counts of usage with the records of calls, and correct them if asked to."""

    help = (
        "Compare the counts behind the charts of the staff's pages with the records of calls, hour by hour. Calls can "
        "continue meanwhile. Exits with code 1 if there are differences and --repair is not given."
    )
    repairs = "count the hours that differ again"
    differs = "The counts of usage differ from the records of calls."

    def report(self, **options: Any) -> dict[str, Any]:
        """Compare, and repair if asked to."""
        comparison, look = Comparison(), drift.corrected if options["repair"] else drift.compared
        for hour in drift.each_hour():
            comparison.add(rfc3339(hour), look(hour))
        self.is_left = comparison.hours_differing > 0 and not options["repair"]
        return asdict(comparison) | {"repaired": options["repair"]}
