"""PgBouncer between the web server and PostgreSQL: one of the two breaks, or has no connection left."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import psycopg

from tests import pgbouncer
from tests.faults.database import Database
from tests.faults.poolers import in_front
from tests.faults.scenario import Scenario, Site, as_it_is
from tests.faults.scenarios.replicas import pair, primary_read_only
from tests.faults.scenarios.room import SECONDS, all_slots, small_disk
from tests.faults.server import serving
from tests.pgbouncer import Pooler

OUTAGE = 3.0  # seconds until something is started again
POOL = 20  # connections to PostgreSQL, as in PgBouncer's file
CLIENTS = 80  # connections that PgBouncer takes, where they run out


@dataclass(frozen=True)
class Pooled(Site):
    """A site whose web server reaches the database through PgBouncer, at this URL. `behind` is the site without it."""

    pooler: Pooler
    url: str
    behind: Any


@contextmanager
def pooled(
    site: Site, place: Callable[[Site], AbstractContextManager[Site]] = as_it_is, **settings: str
) -> Iterator[Pooled]:
    """Use a web server of its own, with a PgBouncer between it and the network of the site."""
    name = site.database.url.rpartition("/")[2]
    with (
        place(site) as behind,
        in_front(f"postgres://postgres@127.0.0.1:{site.proxy.port}/{name}", **settings) as (pooler, environment),
        serving(site.server.environment | environment, site.server.log) as server,
    ):
        own = {each.name: getattr(behind, each.name) for each in fields(Site)} | {"server": server}
        yield Pooled(**own, pooler=pooler, url=environment["DATABASE_URL"], behind=behind)


@contextmanager
def ended(site: Pooled, by: signal.Signals) -> Iterator[None]:
    """End PgBouncer by this signal. Some time later, start it again."""
    site.pooler.end(by)
    time.sleep(OUTAGE)
    site.pooler.start()
    yield


@contextmanager
def restarted(site: Pooled) -> Iterator[None]:
    """Restart PgBouncer as systemd does: it ends once all transactions have."""
    site.pooler.end(signal.SIGINT)
    site.pooler.start()
    yield


@contextmanager
def pool_taken(site: Pooled) -> Iterator[None]:
    """Hold every connection of the pool in a transaction of another client."""
    with ExitStack() as others:
        for _ in range(POOL):
            others.enter_context(psycopg.connect(site.url)).execute("SELECT 1")
        time.sleep(SECONDS)
    yield


@contextmanager
def clients_taken(site: Pooled) -> Iterator[None]:
    """Let other clients take every connection that PgBouncer allows."""
    with all_slots(Database(site.url)):
        time.sleep(SECONDS)
    yield


@contextmanager
def server_restarted(site: Pooled) -> Iterator[None]:
    """Stop PostgreSQL at once. Some time later, start it again."""
    site.behind.primary.stop()
    time.sleep(OUTAGE)
    site.behind.primary.start()
    yield


@contextmanager
def failed_over(site: Pooled) -> Iterator[None]:
    """Promote the replica. The sessions of the pool stay on the old primary, which takes no more writes."""
    with primary_read_only(site.behind):
        yield


def _scenario(
    name: str, seconds: float, fault: Callable[[Pooled], AbstractContextManager[None]], *, unready: bool, **place: Any
) -> Scenario:
    return Scenario(name, seconds, fault, place=partial(pooled, **place), unready=unready, needs=pgbouncer.PROGRAM)


SCENARIOS = [
    _scenario("PgBouncer killed", 0, partial(ended, by=signal.SIGKILL), unready=True),
    _scenario("PgBouncer stopped", 0, partial(ended, by=signal.SIGTERM), unready=True),
    _scenario("PgBouncer restarted", 0, restarted, unready=False),
    _scenario("PgBouncer silent", SECONDS, lambda site: site.pooler.silent(), unready=True),
    _scenario("PgBouncer's pool taken", 0, pool_taken, unready=True),
    _scenario("PgBouncer's clients at their limit", 0, clients_taken, unready=True, max_client_conn=str(CLIENTS)),
    _scenario("connections ended behind PgBouncer", 1, lambda site: site.database.ended(), unready=False),
    _scenario("network behind PgBouncer frozen", SECONDS, lambda site: site.proxy.frozen(), unready=True),
    _scenario("PostgreSQL crashed behind PgBouncer", 0, server_restarted, unready=True, place=small_disk),
    _scenario("failover behind PgBouncer: sessions left on the old primary", 0, failed_over, unready=False, place=pair),
]
