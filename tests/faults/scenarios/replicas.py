"""A failover: a replica takes the place of the primary, which has stopped, is out of reach, or is still there.

Whoever runs the failover promises that the old primary takes no more writes once the new one does. It is fenced. The
last scenario shows what happens without that.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial

from tests.faults.postgres import Server, primary_and_replica
from tests.faults.scenario import Scenario, Site
from tests.faults.server import serving

OUTAGE = 3.0  # seconds until a replica is promoted


@dataclass(frozen=True)
class Pair(Site):
    """A site whose database is a primary that a replica follows."""

    primary: Server
    replica: Server


@contextmanager
def pair(site: Site, *, synchronous: bool = False) -> Iterator[Pair]:
    """Lead the site to a primary with a replica. At the end, both can be asked what is on record."""
    home = site.proxy.target
    with primary_and_replica(site.database.url, synchronous=synchronous) as (primary, replica, _):
        site.proxy.redirect(primary.port)
        site.proxy.cut()
        settled = replace(site, database=primary.database, ledgers=(primary, replica))
        yield Pair(**vars(settled), primary=primary, replica=replica)
        site.proxy.redirect(home)
        site.proxy.cut()


@contextmanager
def both_hosts(site: Site) -> Iterator[Pair]:
    """Serve from a primary and a replica that `DATABASE_URL` names both, so that nothing has to redirect anybody."""
    with pair(site) as both:
        name = both.replica.url.rpartition("/")[2]
        hosts = f"127.0.0.1:{site.proxy.port},127.0.0.1:{both.replica.port}"
        url = f"postgres://postgres@{hosts}/{name}?target_session_attrs=read-write"
        own = {"DATABASE_URL": url, "CHARTERO_POOLER": "none"}
        with serving(site.server.environment | own, site.server.log) as server:
            yield replace(both, server=server)
            site.proxy.thaw()


@contextmanager
def primary_silent(site: Pair) -> Iterator[None]:
    """Lose everything that is sent to the primary, from now on. Some time later, the replica takes its place."""
    site.proxy.freeze()
    time.sleep(OUTAGE)
    site.replica.promote()
    yield


@contextmanager
def primary_stopped(site: Pair) -> Iterator[None]:
    """Stop the primary at once. Some time later, the replica takes its place."""
    site.primary.stop()
    time.sleep(OUTAGE)
    site.replica.promote()
    site.proxy.redirect(site.replica.port)
    yield


@contextmanager
def primary_out_of_reach(site: Pair) -> Iterator[None]:
    """Lose everything that is sent to the primary, and close nothing. Some time later, the replica takes its place."""
    with site.proxy.frozen():
        time.sleep(OUTAGE)
        site.replica.promote()
        site.proxy.redirect(site.replica.port)
        site.proxy.abandon()
    yield


@contextmanager
def primary_read_only(site: Pair) -> Iterator[None]:
    """Promote the replica. The sessions at hand stay on the old primary, which takes no more writes."""
    site.primary.database.configure(default_transaction_read_only="on")
    site.replica.promote()
    site.proxy.redirect(site.replica.port)
    yield


@contextmanager
def primary_writable(site: Pair) -> Iterator[None]:
    """Promote the replica. The sessions at hand stay on the old primary, which goes on taking writes."""
    site.replica.promote()
    site.proxy.redirect(site.replica.port)
    yield
    site.proxy.cut()


def _scenario(name: str, seconds: float, fault: Callable[[Pair], AbstractContextManager[None]], **others: bool):
    return Scenario(f"failover: {name}", seconds, fault, place=partial(pair, **others))


SCENARIOS = [
    _scenario("primary stopped", 0, primary_stopped),
    _scenario("primary stopped, replica synchronous", 0, primary_stopped, synchronous=True),
    _scenario("primary out of reach", 0, primary_out_of_reach),
    Scenario("failover: primary out of reach, both hosts in the URL", 0, primary_silent, place=both_hosts),
    _scenario("primary read-only, sessions left on it", 0, primary_read_only),
    _scenario("not fenced: primary writable, sessions left on it", 4, primary_writable),
]
