"""Effective access: what the active keys of an organization can call. The policy decides on each cell of the grid.

Keys whose calls have the same facts share a row. The facts of all rows are read in four SQL statements, however many
keys there are.
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
class Row:
    """Keys that can call the same, the newest first, and the facts of their call on each route."""

    keys: list[ApiKey]
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
    rows: list[Row]

    @property
    def routes(self) -> list[Route]:
        return [*Route.grantable()]

    @property
    def keys(self) -> list[ApiKey]:
        """Return the active keys, row by row."""
        return [key for row in self.rows for key in row.keys]

    @classmethod
    def of(cls, organization: Organization) -> "Grid":
        """Return the grid of an organization. The first row is that of its newest key."""
        access = Access.of(organization)
        possible = PossibleCalls.of(organization, allowlisted=access.allowlisted, routes=access.routes)
        alike = _alike(ApiKey.objects.in_state(KeyState.ACTIVE).filter(organization=organization))
        return cls(access, [Row(keys, possible.with_key(keys[0], scopes)) for (scopes, *_), keys in alike.items()])

    def losses(self, access: Access) -> list[tuple[ApiKey, list[Route]]]:
        """Return the keys that would lose routes with this other access, each with the routes it would lose.

        What may block every key for a while (the global switch, digest keys, test keys) is ignored.
        """
        lost = [(row.keys, [call.route for call in row.calls if _loses(call, access)]) for row in self.rows]
        return [(key, routes) for keys, routes in lost if routes for key in keys]


def _alike(keys: QuerySet[ApiKey]) -> dict[tuple[frozenset[str], bool, int], list[ApiKey]]:
    """Return active keys by what the facts of their calls depend on: scopes, kind and digest key."""
    scopes, alike = _scopes(keys), defaultdict(list)
    for key in keys:
        alike[frozenset(scopes[key.pk]), key.is_test, key.digest_key_number].append(key)
    return alike


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
