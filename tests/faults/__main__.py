"""Break what the server needs while partners call it, and report what they met.

.ci/with-postgresql python -m tests.faults [--short] [--only NAME]

It exits with 1 if an answer was wrong or is not on record, or came later than twice what is promised.

It needs PostgreSQL, and a user who may signal its processes and mount a small disk: root.
"""

import argparse
import os
import shutil
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from tests.faults import postgres, report  # noqa: E402
from tests.faults.calls import OpenLoop  # noqa: E402
from tests.faults.demonstration import site  # noqa: E402
from tests.faults.scenario import Scenario, Site  # noqa: E402
from tests.faults.scenarios import SCENARIOS, SHORT, clients  # noqa: E402

BEFORE, AFTER = 1.5, 3.0  # seconds of calls before a fault and after it
WARM_UP = 2.5  # seconds


def warm_up(shared: Site) -> None:
    """Let the processes have had all their threads and the largest buffers, since both keep their memory."""
    with OpenLoop(shared.port, shared.tokens):
        with shared.proxy.frozen():
            time.sleep(WARM_UP)
        with clients.no_reading(shared, 50):
            time.sleep(clients.SECONDS)
        time.sleep(AFTER)


def run(scenario: Scenario, shared: Site) -> report.Row:
    """Return what calls met while a fault lasted and until it was over."""
    with scenario.place(shared) as where:
        with OpenLoop(where.port, where.tokens) as loop:
            time.sleep(BEFORE)
            before, began = where.server.memory(), time.monotonic()
            with scenario.fault(where):
                time.sleep(scenario.seconds)
            ended = time.monotonic()
            time.sleep(AFTER)
            after = where.server.memory()
        lasting = where.server is shared.server and before.keys() == after.keys()
        growth = sum(after.values()) / sum(before.values()) - 1 if lasting else None
        return report.row(scenario, loop.calls, (began, ended), growth, where.ledgers)


def main() -> None:
    """Read the arguments, run the scenarios, print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="NAME", default="", help="only the faults whose name contains this")
    parser.add_argument("--short", action="store_true", help="only a few faults, in half a minute")
    arguments = parser.parse_args()
    wanted = [each for each in SCENARIOS if arguments.only in each.name and (each.name in SHORT or not arguments.short)]
    postgres.require(parser)
    sys.stdout.write(f"| {' | '.join(report.COLUMNS)} |\n| {' | '.join('---' for _ in report.COLUMNS)} |\n")
    kept = True
    with site() as shared:
        warm_up(shared)
        for scenario in wanted:
            if scenario.needs and shutil.which(scenario.needs) is None:
                sys.stderr.write(f"{scenario.name}: skipped, because {scenario.needs} is not installed\n")
                continue
            row = run(scenario, shared)
            kept = kept and row.is_kept
            sys.stdout.write(f"| {' | '.join(row.cells)} |\n")
            sys.stdout.flush()
    sys.exit(not kept)


if __name__ == "__main__":
    main()
