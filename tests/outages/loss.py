"""The loss of an application machine: its processes are gone, or hang, while calls are under way there."""

import time
from collections.abc import Callable, Iterator

from tests.faults.database import Database
from tests.outages.judging import Verdict, newest, verdict
from tests.outages.machines import Fleet, Machine, fleet
from tests.server.deployment import Deployment

Act = Callable[[Machine], None]
BEFORE, AWAY, AFTER = 3.0, 15.0, 13.0  # seconds; nginx leaves a machine out for ten
UNDER_WAY, LONGEST = 6, 0.6  # calls that wait for a lock, and seconds: a call waits for a second


def run(deployment: Deployment, rate: float) -> Iterator[Verdict]:
    """Lose a machine in both ways, and have it back."""
    database = Database(deployment.environment["DATABASE_URL"])
    with fleet(deployment, rate) as machines:
        yield _lost("a machine is killed", machines, database, Machine.kill, Machine.start)
        yield _lost("a machine hangs", machines, database, Machine.hang, Machine.go_on)


def _lost(name: str, machines: Fleet, database: Database, lose: Act, have_back: Act) -> Verdict:
    """Lose the second machine while calls wait there for a lock, and have it back some time later."""
    lost, after = machines.machines[1], newest(database)
    with machines.calls() as loop:
        time.sleep(BEFORE)
        with database.locked("partners_requestrecord"):
            until = time.monotonic() + LONGEST
            while waiting(database) < UNDER_WAY and time.monotonic() < until:
                time.sleep(0.01)
            lose(lost)
        time.sleep(AWAY)
        have_back(lost)
        time.sleep(AFTER)
    return verdict(name, loop.calls, database, after)


def waiting(database: Database) -> int:
    """Return how many calls wait for a lock, at both machines."""
    sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with database.connect() as connection:
        return connection.execute(sql).fetchone()[0]
