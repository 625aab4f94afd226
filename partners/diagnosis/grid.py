"""Effective access: what each active key of an organization can call. The policy decides on each cell of the grid.

The facts of all cells are read in four SQL statements, however many keys there are.
"""

from collections import defaultdict
from dataclasses import dataclass, replace

from django.db.models import QuerySet

from partners.catalogue.reasons import Reason
from partners.catalogue.routes import Route
from partners.decision.policy import AccessRequest, first_refusal
from partners.diagnosis.possible_calls import PossibleCalls
from partners.models import ApiKey, KeyState, Organization


@dataclass(frozen=True, slots=True)
class Access:
    """The access that an organization has, or would have after a change."""

    allowlisted: bool
    routes: frozenset[Route]

    @classmethod
    def of(cls, organization: Organization) -> "Access":
        return cls(organization.allowlisted, frozenset(map(Route.named, organization.enabled_routes())))


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key, and the facts of its call on each route."""

    key: ApiKey
    calls: tuple[AccessRequest, ...]

    @property
    def scopes(self) -> frozenset[str]:
        return self.calls[0].scopes or frozenset()

    @property
    def verdicts(self) -> dict[Route, Reason | None]:
        """Return the first refusal on each route, or None if a call passes."""
        return {call.route: first_refusal(call) for call in self.calls}


@dataclass(frozen=True, slots=True)
class Grid:
    """The routes that staff enable × the active keys of one organization."""

    access: Access
    rows: list[KeyRow]

    @property
    def routes(self) -> list[Route]:
        return [*Route.grantable()]

    @classmethod
    def of(cls, organization: Organization) -> "Grid":
        """Return the grid of an organization, with its newest key first."""
        keys = ApiKey.objects.in_state(KeyState.ACTIVE).filter(organization=organization)
        scopes, access = _scopes(keys), Access.of(organization)
        possible = PossibleCalls.of(organization, allowlisted=access.allowlisted, routes=access.routes)
        return cls(access, [KeyRow(key, possible.with_key(key, scopes[key.pk])) for key in keys])

    def losses(self, access: Access) -> list[tuple[ApiKey, list[Route]]]:
        """Return the keys that would lose routes with this other access, each with the routes it would lose.

        What may block every key for a while (the global switch, digest keys, test keys) is ignored.
        """
        lost = [(row.key, [call.route for call in row.calls if _loses(call, access)]) for row in self.rows]
        return [(key, routes) for key, routes in lost if routes]


def _scopes(keys: QuerySet[ApiKey]) -> defaultdict[int, set[str]]:
    held: defaultdict[int, set[str]] = defaultdict(set)
    rows = ApiKey.scopes.through.objects.filter(apikey__in=keys.order_by().values("pk"))
    for key, scope in rows.values_list("apikey_id", "scope_id"):
        held[key].add(scope)
    return held


def _loses(call: AccessRequest, access: Access) -> bool:
    now = replace(call, switched_on=True, accepts_test_keys=True, digest_key_loaded=True)
    then = replace(now, allowlisted=access.allowlisted, route_enabled=call.route in access.routes)
    return first_refusal(now) is None and first_refusal(then) is not None
