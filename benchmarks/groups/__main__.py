"""Measure what a second process group, a replica and PgBouncer cost, and what they bring.

    python -m benchmarks.groups [--rounds N] [--seconds S] [--folder FOLDER] [--output FILE]

Needs Debian's packages `postgresql`, `nginx`, `pgbouncer` and `wrk`. It starts three PostgreSQL servers, eight services
and nine proxies of its own, keeps the data that it makes in `--folder` for the next run, and ends everything it has
started, also when interrupted. It measures CPU time, so other work on the machine disturbs its rates alone.
"""

import argparse
import os
import subprocess
import time
from pathlib import Path
from typing import ClassVar

from benchmarks.compare import comparison, load, product, versions
from benchmarks.compare.load import BadAnswer, Call, Slice
from benchmarks.compare.processes import ROOT, stop_on_signals
from benchmarks.compare.rounds import TRIES, Outcome, Rounds
from benchmarks.compare.serving import Service
from benchmarks.groups import deployments, page
from tests import nginx, pgbouncer

BEGUN = time.monotonic()
PACKAGES = ("django", "djangorestframework", "gunicorn", "psycopg", "orjson")
BUSIEST, DISTURBED = 10.0, float("inf")  # the share of the CPU that others may take, and a share beyond it


class Patient(Rounds):
    """Rounds in which a slice is repeated if a call was refused in it, as on a machine that is much too busy.

    If that happens again and again, the slice doesn't count.
    """

    repeated: ClassVar[int] = 0

    def tries(self, service: Service, call: Call, connections: int, seconds: int) -> list[Slice]:
        """Return the slice in which all calls were served, or one that is disturbed beyond measure."""
        for _ in range(TRIES):
            try:
                return super().tries(service, call, connections, seconds)
            except BadAnswer as fault:
                Patient.repeated += 1
                print(fault, flush=True)
        return [Slice(0, 0, 0, 0, others=DISTURBED, cpu={})]


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.groups", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=2, help="of each slice")
    parser.add_argument("--pause", type=int, default=0, help="ms before each call, where a full load is too much")
    parser.add_argument("--folder", type=Path, default=ROOT / "benchmarks/var/groups", help="what is kept between runs")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/GROUPS.md")
    return parser.parse_args()


def programs() -> dict[str, str]:
    """Return the versions of nginx and PgBouncer."""
    commands = {"nginx": [str(nginx.PROGRAM), "-v"], "PgBouncer": [pgbouncer.PROGRAM, "--version"]}
    done = {
        name: subprocess.run(each, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True).stdout
        for name, each in commands.items()
    }
    return {name: said.splitlines()[0].split()[-1].rpartition("/")[2] for name, said in done.items()}


def main() -> None:
    """Start everything, measure, write."""
    options, loads = arguments(), [os.getloadavg()[0]]

    def say(text: str) -> None:
        loads.append(os.getloadavg()[0])
        print(f"{time.monotonic() - BEGUN:6.0f} s  load {loads[-1]:.1f}  {text}", flush=True)

    stop_on_signals()
    load.require_wrk()
    folder: Path = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    os.environ |= {"CHARTERO_DATA_DIR": str(folder), "BENCHMARK_PAUSE": str(options.pause)}
    with deployments.running(folder) as (services, followed):
        say("everything is up")
        software = versions.software(product.PYTHON, followed.primary.version, PACKAGES, **programs())
        calls = comparison.asked(folder, comparison.some_ids(followed.primary.url(deployments.COPY)))
        calls = [each for each in calls if each.name in page.CALLS]
        before, outcome, patient = followed.counted(), Outcome(), Patient(1, options.seconds, 0, BUSIEST)
        for number in range(1, options.rounds + 1):
            outcome.extend(patient.run(services, calls, say))
            time.sleep(2)  # PostgreSQL counts with a delay of a second
            told = (versions.machine(), software, versions.commit(), number, options.seconds, options.pause)
            found = page.Findings(*told, outcome, loads, Patient.repeated, followed.counted().since(before))
            options.output.write_text(page.page(found))
            say(f"round {number} of {options.rounds}; written: {options.output}")


if __name__ == "__main__":
    main()
