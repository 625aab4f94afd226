"""The clock of the web server jumps. The one of the database, and the monotonic clocks, do not."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from tests.faults.scenario import Scenario, Site
from tests.faults.server import serving

HOOK = Path(__file__).parents[1] / "clock"
HOUR, YEAR = 3600, 365 * 24 * 3600


@dataclass(frozen=True)
class ClockSite(Site):
    """A site whose web server reads how much its clock is off from a file."""

    clock: Path


@contextmanager
def shifting(site: Site) -> Iterator[ClockSite]:
    """Serve the same database with a clock that can jump."""
    clock = site.server.log.with_name("clock")
    clock.write_text("0")
    paths = os.pathsep.join([str(HOOK), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = site.server.environment | {"PYTHONPATH": paths, "FAULTS_CLOCK": str(clock)}
    with serving(environment, site.server.log) as server:
        yield ClockSite(**vars(replace(site, server=server)), clock=clock)


@contextmanager
def jumped(site: ClockSite, seconds: int) -> Iterator[None]:
    """Let the clock jump, and back."""
    _set(site.clock, seconds)
    yield
    _set(site.clock, 0)


def _set(clock: Path, seconds: int) -> None:
    new = clock.with_suffix(".new")
    new.write_text(str(seconds))
    new.replace(clock)


def _scenario(name: str, seconds: int, **others: object) -> Scenario:
    return Scenario(f"clock {name}", 4, partial(jumped, seconds=seconds), place=shifting, unready=True, **others)


SCENARIOS = [
    _scenario("an hour ahead", HOUR),
    _scenario("an hour behind", -HOUR),
    _scenario("8 years ahead", 8 * YEAR, verdicts=frozenset({"401 expired_key"})),
    _scenario("8 years behind", -8 * YEAR),
]
