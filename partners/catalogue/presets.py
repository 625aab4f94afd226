"""What a partner's system usually reads, as routes of the catalogue and the scopes that they require."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import Enum

from partners.catalogue.routes import Route, Scope


class Preset(Enum):
    """A usual choice: its name, its title and its routes, which include those of the presets before it."""

    ENCOUNTERS = "encounters", "Encounters", lambda route: route.route_name.startswith(("encounters.", "changes."))
    DOCUMENTS = "documents", "Encounters with documents", lambda route: Scope.RECORDINGS_READ not in route.scopes
    RECORDINGS = "recordings", "Encounters with documents and recordings", lambda route: True

    def __init__(self, preset_name: str, title: str, holds: Callable[[Route], bool]) -> None:
        self.preset_name = preset_name
        self.title = title
        self.routes = tuple(filter(holds, Route.grantable()))


@dataclass(frozen=True, slots=True)
class OfferedPreset:
    """A preset, and those of its routes that it opens here."""

    preset: Preset
    routes: tuple[Route, ...]

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """Return the scopes that the routes require, in the catalogue's order."""
        return tuple(scope for scope in Scope if any(scope in route.scopes for route in self.routes))


def offered(routes: Collection[Route], *, by_routes: bool) -> list[OfferedPreset]:
    """Return the presets that these routes allow, each different from the others.

    They differ in their routes or, if a key is all that is made, in their scopes. Then the larger preset says what the
    scopes open.
    """
    found: dict[tuple[Route, ...], OfferedPreset] = {}
    for preset in Preset:
        here = OfferedPreset(preset, tuple(route for route in preset.routes if route in routes))
        if here.routes:
            found.setdefault(here.routes, here)
    return [*found.values()] if by_routes else [*{each.scopes: each for each in found.values()}.values()]
