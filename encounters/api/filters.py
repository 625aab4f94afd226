"""The query parameters of `encounters.list` and `changes.list`, declared once."""

from typing import Any

from encounters.api import cursors
from partners.api.filters import Parameter, StrictFilterSet, check
from partners.catalogue.reasons import Reason
from partners.decision.policy import Check
from partners.formats.grammar import instant, integer, word

LONGEST_PAGE, MOST_CHANGES = 100, 1_000


class EncounterFilter(StrictFilterSet):
    """The query of `encounters.list`. The order of declaration is the order of the checks."""

    limit = Parameter(
        integer(1, LONGEST_PAGE), Reason.INVALID_LIMIT, "The maximum number of items in the page.", default=50
    )
    offset = Parameter(
        integer(0, 10_000), Reason.INVALID_OFFSET, "How many matches to skip before the page.", default=0
    )
    sort_order = Parameter(
        word("asc", "desc"),
        Reason.INVALID_SORT,
        "The direction of `created_at`, and of `encounter_id` among equal values.",
        default="desc",
    )
    start_at = Parameter(
        instant,
        Reason.INVALID_QUERY,
        "Only encounters with `created_at >= start_at`.",
        column="created_at",
        lookup="gte",
    )
    end_at = Parameter(
        instant,
        Reason.INVALID_QUERY,
        "Only encounters with `created_at < end_at`. If you send both, `start_at` must be earlier than `end_at`.",
        column="created_at",
        lookup="lt",
    )

    @classmethod
    def check_together(cls, values: dict[str, Any]) -> list[Check]:
        """Refuse a window that does not end after it starts. No single field is at fault."""
        start, end = values["start_at"], values["end_at"]
        return [check(Reason.INVALID_QUERY, start is None or end is None or start < end, None)]


class ChangeFilter(StrictFilterSet):
    """The query of `changes.list`. The order of declaration is the order of the checks."""

    limit = Parameter(
        integer(1, MOST_CHANGES), Reason.INVALID_LIMIT, "The maximum number of items in the page.", default=100
    )
    cursor = Parameter(
        cursors.grammar,
        Reason.INVALID_QUERY,
        "Only changes after this place. Without it, the first page begins with the oldest change that is kept.",
    )
