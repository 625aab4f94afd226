"""Break what the server needs while partners call it, and report what they met.

.ci/with-postgresql python -m tests.faults [--short] [--only NAME]

It exits with 1 if an answer was wrong, or came later than twice what is promised.

It needs PostgreSQL, and a user who may signal its processes.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from tests.faults.calls import OpenLoop, Row  # noqa: E402
from tests.faults.database import Database  # noqa: E402
from tests.faults.proxy import Proxy  # noqa: E402
from tests.faults.scenarios import SCENARIOS, SHORT, Scenario, Site  # noqa: E402
from tests.server.deployment import Deployment, new_deployment  # noqa: E402

BEFORE, AFTER = 2.0, 5.0  # seconds of calls before a fault and after it
HEAD = f"{'fault':46} {'wrong':>5} {'slowest':>8} {'probe':>6} {'back':>6}  answers"


@contextmanager
def site() -> Iterator[tuple[Deployment, Site, str]]:
    """Yield the production server behind a network of our own, over a demonstration."""
    with tempfile.TemporaryDirectory() as folder, new_deployment(Path(folder)) as deployment:
        token = deployment.report("demo", "--no-serve")["token"]
        direct = deployment.environment["DATABASE_URL"]
        host, port_and_name = direct.rsplit(":", 1)
        port, name = port_and_name.split("/", 1)
        proxy = Proxy(int(port))
        with deployment.serving(DATABASE_URL=f"{host}:{proxy.port}/{name}"):
            yield deployment, Site(Database(direct), proxy, deployment.port), token


def run(scenario: Scenario, where: Site, token: str) -> Row:
    """Return what calls met while a fault lasted and until it was over."""
    with OpenLoop(where.port, token) as loop:
        time.sleep(BEFORE)
        began = time.monotonic()
        with scenario.fault(where):
            time.sleep(scenario.seconds)
        ended = time.monotonic()
        time.sleep(AFTER)
    return Row.of(loop.calls, began, ended)


def main() -> None:
    """Read the arguments, run the scenarios, print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="NAME", default="", help="only the faults whose name contains this")
    parser.add_argument("--short", action="store_true", help="only three faults, in half a minute")
    arguments = parser.parse_args()
    wanted = [each for each in SCENARIOS if arguments.only in each.name and (each.name in SHORT or not arguments.short)]
    if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        parser.error("needs PostgreSQL: run it by .ci/with-postgresql")
    sys.stdout.write(f"{HEAD}\n")
    kept = True
    with site() as (_, where, token):
        for scenario in wanted:
            row = run(scenario, where, token)
            kept = kept and row.is_kept
            sys.stdout.write(
                f"{scenario.name:46} {row.wrong:5} {row.slowest:7.2f}s {row.slowest_probe:5.2f}s {row.recovery:5.2f}s  "
                f"{', '.join(f'{count} × {got}' for got, count in row.answers.most_common())}\n"
            )
            sys.stdout.flush()
    sys.exit(not kept)


if __name__ == "__main__":
    main()
