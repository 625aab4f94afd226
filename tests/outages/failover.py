"""A failover: the primary is gone in one moment, and its replica takes its place."""

import time
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from tests.faults.postgres import Server, primary_and_replica
from tests.outages.judging import Verdict, newest, verdict
from tests.outages.machines import fleet
from tests.server.deployment import Deployment

BEFORE, BEHIND, OUTAGE, AFTER = 4.0, 1.0, 3.0, 6.0  # seconds


def run(deployment: Deployment, rate: float, *, synchronous: bool) -> Iterator[Verdict]:
    """Lose the primary just after the network to its replica, and promote the replica."""
    url, name = deployment.environment["DATABASE_URL"], f"{'' if synchronous else 'a'}synchronous replica"
    with (
        primary_and_replica(url, synchronous=synchronous) as (primary, replica, network),
        fleet(led(deployment, primary, replica), rate) as machines,
    ):
        after = newest(primary.database)
        with machines.calls() as loop:
            time.sleep(BEFORE)
            network.freeze()
            time.sleep(BEHIND)
            primary.stop()
            time.sleep(OUTAGE)
            replica.promote()
            promoted = time.monotonic()
            time.sleep(AFTER)
        yield verdict(f"failover, {name}", loop.calls, replica.database, after, promoted)


def led(deployment: Deployment, primary: Server, replica: Server) -> Deployment:
    """Return the deployment whose web service knows both servers, and reads encounters from the replica."""
    given = urlsplit(deployment.web["DATABASE_URL"])
    hosts = ",".join(f"127.0.0.1:{server.port}" for server in (primary, replica))
    web = {
        "DATABASE_URL": f"postgres://{given.username}@{hosts}{given.path}?target_session_attrs=read-write",
        "CHARTERO_REPLICA_URL": f"postgres://{given.username}@127.0.0.1:{replica.port}{given.path}",
    }
    return replace(deployment, web=web)
