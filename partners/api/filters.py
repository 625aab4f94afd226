"""The query parameters of a route: declared with django-filter, and parsed by strict grammars."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django_filters import Filter, FilterSet

from partners.catalogue.reasons import Reason
from partners.decision.policy import Check, CheckOutcome
from partners.formats.grammar import Grammar, pairs

FIELD_LENGTH = 64


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
        values, checks = {}, [check(Reason.UNSUPPORTED_FILTER, unknown is None, unknown)]
        for name, parameter in cls.base_filters.items():
            values[name], valid = parameter.read(texts[name])
            checks.append(check(parameter.reason, valid, name))
        return Query(values, checks + cls.check_together(values))

    @classmethod
    def check_together(cls, values: dict[str, Any]) -> list[Check]:
        """Check rules that concern several parameters."""
        return []


class NoFilter(StrictFilterSet):
    """The query of a route without parameters."""


def check(reason: Reason, passed: bool, field: str | None) -> Check:
    """Return the check of a query, with the parameter at fault if it failed."""
    return Check(reason, CheckOutcome.PASSED) if passed else Check(reason, CheckOutcome.FAILED, field)


def _normal(value: Any) -> str:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)
