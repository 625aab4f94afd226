"""`manage.py check_totals`: compare the stored counts, which totals are read from, with the encounters."""

from dataclasses import asdict, dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection

from encounters.totals import counting, drift
from encounters.totals.drift import Count, Month
from partners.management.comparing import ComparingCommand
from partners.management.exclusive import only_run
from partners.models import Organization

LISTED = 100  # months with differences that are listed; all of them are counted and repaired
COLUMNS = ("organization_id", "month", "kept", "true", "buckets")


@dataclass
class Comparison:
    """How much was compared, and the months that differ."""

    organizations: int = 0
    months: int = 0
    encounters: int = 0
    months_differing: int = 0
    differences: list[dict[str, Any]] = field(default_factory=list)

    def add(self, organization_id: str, month: Month, counts: list[Count]) -> None:
        """Add one month: its total, and how many of its buckets (the month, its days, its hours) are wrong."""
        kept, true = (sum(getattr(each, of) for each in counts if each.grain == "month") for of in ("kept", "true"))
        wrong = sum(each.kept != each.true for each in counts)
        self.months += 1
        self.encounters += true
        self.months_differing += wrong > 0
        if wrong and len(self.differences) < LISTED:
            values = (organization_id, f"{month.first:%Y-%m}", kept, true, wrong)
            self.differences.append(dict(zip(COLUMNS, values, strict=True)))


class Command(ComparingCommand):
    """Compare the stored counts with the encounters, and correct them if asked to."""

    help = (
        "Compare the stored counts, which all totals are read from, with the encounters: every month, day and hour of "
        "every organization. Partners and imports can continue meanwhile. Exits with code 1 if there are differences "
        "and --repair is not given."
    )
    repairs = "correct the counts that differ"
    differs = "The stored counts differ from the encounters."

    def report(self, **options: Any) -> dict[str, Any]:
        """Compare, and repair if asked to. Only one run at a time can do so."""
        if not counting.in_place(connection):
            told = (
                "The triggers that update the counts are missing. Run manage.py migrate to restore them and the counts."
            )
            raise ValidationError(told, code="not_kept")
        with only_run("check_totals") as alone:
            if not alone:
                raise ValidationError("Another run is in progress. Wait until it has finished.", code="under_way")
            comparison = _compared(repair=options["repair"])
        self.is_left = comparison.months_differing > 0 and not options["repair"]
        return asdict(comparison) | {"repaired": options["repair"]}


def _compared(*, repair: bool) -> Comparison:
    comparison, look = Comparison(), drift.corrected if repair else drift.compared
    for pk, public_id in Organization.objects.order_by("pk").values_list("pk", "public_id"):
        comparison.organizations += 1
        for month in drift.months(pk):
            comparison.add(public_id, month, look(pk, month))
    return comparison
