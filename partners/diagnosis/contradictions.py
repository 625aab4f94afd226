"""Settings of an organization's access that don't fit together, because something is granted that has no effect."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from partners.catalogue.reasons import Reason
from partners.catalogue.routes import Route, Scope
from partners.diagnosis.grid import Grid
from partners.models import ApiKey


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One contradiction: what it is, what to do, and the keys concerned."""

    says: str
    todo: str
    keys: list[ApiKey] = field(default_factory=list)


def find_contradictions(grid: Grid) -> list[Contradiction]:
    """Return the contradictions, first those of the organization, then those of its keys."""
    return [*_nothing_enabled(grid), *_uncalled_routes(grid), *_useless_keys(grid), *_unused_scopes(grid)]


def _nothing_enabled(grid: Grid) -> Iterator[Contradiction]:
    if grid.access.allowlisted and not grid.access.routes:
        yield Contradiction("The organization is allowlisted, but no route is enabled for it.", "Enable a route.")
    if grid.access.routes and not grid.access.allowlisted:
        yield Contradiction(
            "Routes are enabled, but the organization is not allowlisted: every call is refused.",
            "Add it to the allowlist.",
        )


def _uncalled_routes(grid: Grid) -> Iterator[Contradiction]:
    for route in _enabled(grid) if grid.access.allowlisted else ():
        refusals = {row.verdicts[route] for row in grid.rows}
        if None not in refusals:
            yield Contradiction(f"{route.route_name} is enabled, but no key can call it.", _remedy(route, refusals))


def _remedy(route: Route, refusals: set[Reason | None]) -> str:
    if refusals <= {Reason.MISSING_SCOPE}:
        return f"Issue a key with {' '.join(route.scopes)}, or disable the route."
    return "The table shows what blocks each key."


def _useless_keys(grid: Grid) -> Iterator[Contradiction]:
    usable = [frozenset(route.scopes) for route in _usable(grid)]
    useless = [key for row in grid.rows if not any(map(row.scopes.issuperset, usable)) for key in row.keys]
    if useless:
        yield Contradiction(
            f"The scopes of some keys don't open any {_kind(grid)}.",
            "Change the scopes, or enable the routes they are for.",
            useless,
        )


def _unused_scopes(grid: Grid) -> Iterator[Contradiction]:
    used = {scope for route in _usable(grid) for scope in route.scopes}
    for scope in (scope for scope in Scope if scope not in used):
        holders = [key for row in grid.rows if scope in row.scopes for key in row.keys]
        if holders:
            yield Contradiction(
                f"No {_kind(grid)} uses the scope {scope.value}.", "Remove it until a route needs it.", holders
            )


def _usable(grid: Grid) -> list[Route]:
    """Return the routes that scopes can open: the enabled ones or, before any is enabled, all of the catalogue."""
    return _enabled(grid) or grid.routes


def _kind(grid: Grid) -> str:
    return "enabled route" if _enabled(grid) else "route"


def _enabled(grid: Grid) -> list[Route]:
    return [route for route in grid.routes if route in grid.access.routes]
