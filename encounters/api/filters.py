"""The query parameters of `encounters.list`, declared once with django-filter and parsed by strict grammars."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django_filters import Filter, FilterSet

from encounters.grammar import Grammar, instant, integer, pairs, word
from partners.catalogue.reasons import Reason
from partners.decision.policy import Check, CheckOutcome

FIELD_LENGTH = 64
LONGEST_PAGE = 100


class Parameter(Filter):
    """One query parameter: its grammar, reason code, default and meaning. It filters only if it has a column."""

    def __init__(
        self,
        grammar: Grammar[Any],
        reason: Reason,
        meaning: str,
        *,
        default: Any = None,
        column: str = "",
        lookup: str = "exact",
    ) -> None:
        super().__init__(field_name=column, lookup_expr=lookup)
        self.grammar = grammar
        self.reason = reason
        self.meaning = meaning
        self.default = default

    def read(self, texts: list[str]) -> tuple[Any, bool]:
        """Return the value, and True if the parameter is valid: not sent, or sent once and matching the grammar."""
        if not texts:
            return self.default, True
        value = self.grammar(texts[0]) if len(texts) == 1 else None
        return value, value is not None


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query: the value of each parameter, and the checks of the query in the contract's order."""

    values: dict[str, Any]
    checks: list[Check]

    @property
    def normal_form(self) -> str:
        """Return a valid query as text: every value in effect, in the order of declaration, with times in UTC."""
        return "&".join(f"{name}={_normal(value)}" for name, value in self.values.items() if value is not None)


class StrictFilterSet(FilterSet):
    """A FilterSet that parses the raw query string as the contract says, without Django's lenient forms."""

    @classmethod
    def read(cls, query_string: str) -> Query:
        """Check a raw query string: its keys first, then each value in the order of declaration."""
        texts: dict[str, list[str]] = {name: [] for name in cls.base_filters}
        unknown = None
        for name, text in pairs(query_string):
            if name in texts:
                texts[name].append(text)
            elif unknown is None:
                unknown = name[:FIELD_LENGTH]
        values, checks = {}, [_check(Reason.UNSUPPORTED_FILTER, unknown is None, unknown)]
        for name, parameter in cls.base_filters.items():
            values[name], valid = parameter.read(texts[name])
            checks.append(_check(parameter.reason, valid, name))
        return Query(values, checks + cls.check_together(values))

    @classmethod
    def check_together(cls, values: dict[str, Any]) -> list[Check]:
        """Check rules that concern several parameters."""
        return []


class NoFilter(StrictFilterSet):
    """The query of a route without parameters."""


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
        return [_check(Reason.INVALID_QUERY, start is None or end is None or start < end, None)]


def _normal(value: Any) -> str:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)


def _check(reason: Reason, passed: bool, field: str | None) -> Check:
    return Check(reason, CheckOutcome.PASSED) if passed else Check(reason, CheckOutcome.FAILED, field)
