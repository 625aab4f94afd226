"""Processes of the web server are killed. Its supervisor is this module."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from tests.faults.scenario import Scenario, Site
from tests.faults.server import is_running


@contextmanager
def workers_killed(site: Site, number: int) -> Iterator[None]:
    """Kill workers. The master starts others."""
    site.server.kill_workers(number)
    yield


@contextmanager
def master_killed(site: Site) -> Iterator[None]:
    """Kill the master. Its workers have to stop by themselves. Start the server again."""
    orphans = site.server.kill()
    until = time.monotonic() + 20
    while any(is_running(pid) for pid in orphans):
        assert time.monotonic() < until, "a worker goes on without its master"
        time.sleep(0.05)
    site.server.start()
    yield


SCENARIOS = [
    Scenario("a worker killed", 0, partial(workers_killed, number=1), breaks_off=True),
    Scenario("both workers killed", 0, partial(workers_killed, number=2), breaks_off=True),
    Scenario("master killed, server restarted", 0, master_killed, breaks_off=True),
]
