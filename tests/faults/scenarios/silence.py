"""A database that does not answer, holds locks, or takes no writes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.scenario import Scenario, Site


@contextmanager
def nothing(site: Site) -> Iterator[None]:
    """Leave everything as it is."""
    yield


@contextmanager
def cut_for_a_moment(site: Site) -> Iterator[None]:
    """Freeze the network and thaw it, four times."""
    for _ in range(4):
        with site.proxy.frozen():
            time.sleep(0.5)
        time.sleep(0.5)
    yield


SCENARIOS = [
    Scenario("no fault", 3, nothing),
    Scenario("backends stopped", 6, lambda site: site.database.stopped()),
    Scenario("one backend stopped", 4, lambda site: site.database.stopped(1)),
    Scenario("network to the database frozen", 6, lambda site: site.proxy.frozen(), unready=True),
    Scenario("network frozen for half a second, four times", 0, cut_for_a_moment),
    Scenario("keys locked", 6, lambda site: site.database.locked("partners_apikey")),
    Scenario("ledger locked", 6, lambda site: site.database.locked("partners_requestrecord")),
    Scenario("encounters locked", 6, lambda site: site.database.locked("encounters_encounter")),
    Scenario("connections ended", 1, lambda site: site.database.ended()),
    Scenario("sessions left on a read-only server", 1, lambda site: site.database.sessions_read_only()),
    Scenario("database read-only", 4, lambda site: site.database.read_only(), unready=True),
]
