"""Show what partners meet at 50 calls a second during an upgrade, a failover, or the loss of a machine.

.ci/with-postgresql python -m tests.outages upgrade COMMIT [--python FILE]
.ci/with-postgresql python -m tests.outages failover [--asynchronous]
.ci/with-postgresql python -m tests.outages loss

Two machines serve behind nginx, each a group of processes. It exits with 1 if a call failed, if one got 503 other than
during a failover, or if an answer is not on record exactly once. It needs nginx, PostgreSQL and root.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from tests.faults import postgres  # noqa: E402
from tests.outages import failover, judging, loss, releases, upgrade  # noqa: E402
from tests.outages.machines import RATE  # noqa: E402

RECOVERY = 5.0  # seconds after a failover


def main() -> None:
    """Read the arguments, run the outage, print a line for each verdict."""
    parser = argparse.ArgumentParser(prog="python -m tests.outages", description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=float, default=RATE, help=f"calls a second (default: {RATE})")
    outages = parser.add_subparsers(dest="outage", required=True)
    upgrading = outages.add_parser("upgrade", help="a new release takes the place of an older one")
    upgrading.add_argument("commit", help="the older release")
    upgrading.add_argument("--python", help="an interpreter with its packages (default: they are installed)")
    failing = outages.add_parser("failover", help="the replica takes the place of the primary")
    failing.add_argument("--asynchronous", action="store_true", help="no commit waits for the replica")
    outages.add_parser("loss", help="a machine is killed, and then one hangs")
    given = parser.parse_args()
    postgres.require(parser)
    kept = True
    sys.stdout.write(f"| {' | '.join(judging.COLUMNS)} |\n| {' | '.join('---' for _ in judging.COLUMNS)} |\n")
    for verdict in verdicts(given):
        sys.stdout.write(f"| {' | '.join(verdict.cells)} |\n")
        sys.stdout.flush()
        lasting = verdict.unavailable if given.outage != "failover" else (verdict.back or 0) > RECOVERY
        lost = verdict.without_row and not (given.outage == "failover" and given.asynchronous)
        kept = kept and not (verdict.failed or verdict.twice or lasting or lost)
    sys.exit(not kept)


def verdicts(given: argparse.Namespace) -> Iterator[judging.Verdict]:
    """Run what is asked for."""
    with ExitStack() as stack:
        if given.outage == "upgrade":
            release = stack.enter_context(releases.checked_out(given.commit, given.python))
            yield from upgrade.run(stack.enter_context(releases.demonstrated(*release)), given.rate)
            return
        deployment = stack.enter_context(releases.demonstrated())
        if given.outage == "loss":
            yield from loss.run(deployment, given.rate)
        else:
            yield from failover.run(deployment, given.rate, synchronous=not given.asynchronous)


if __name__ == "__main__":
    main()
