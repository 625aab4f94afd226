"""What does a call for one encounter cost, against an older commit? Both answer in turn, on one PostgreSQL.

    .ci/with-postgresql python -m benchmarks.against COMMIT [ROUNDS] [--list]

With `--list`, what a list of 25 costs.

Checks the older commit out into a temporary folder and starts a process in each tree, with a database of its own that
is filled as `benchmarks.record_cost` does it. In each round both answer as many calls in process, in changing order.
Prints the medians, and the median of the ratios of the rounds with the middle half of them; and the least tenth of the
times, which other work on the machine touches least. Two processes of one tree differ too: run it several times, and
once against the tree's own commit.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg

HERE, CALLS, WARM_UP = Path(__file__).parents[1], 20, 20
WORKER = """
import random, sys, time
from benchmarks import record_cost
token, ids = record_cost.fill()
application = record_cost.WSGIHandler()
print("ready", flush=True)
listed = (record_cost.LIST, "limit=25") if sys.argv[1] == "list" else None
for line in sys.stdin:
    asked = [listed or (f"{record_cost.LIST}/{random.choice(ids)}", "") for _ in range(int(line))]
    begun = time.process_time()
    took = [record_cost.called(application, token, path, query) for path, query in asked]
    print(sum(took) / len(took), (time.process_time() - begun) / len(took) * 1e6, flush=True)
"""


class Tree:
    """A process that answers calls with the code of one tree: "list" or "detail"."""

    def __init__(self, folder: Path, database: str, which: str) -> None:
        server = os.environ["DATABASE_URL"].rpartition("/")[0]
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {database}")
        self._process = subprocess.Popen(
            [sys.executable, "-c", WORKER, which],
            cwd=folder,
            env=os.environ | {"DATABASE_URL": f"{server}/{database}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if self._said() != "ready":
            raise SystemExit(f"{folder} doesn't start.")

    def called(self) -> tuple[float, float]:
        """Return the mean of the µs that some calls take, and of those in which Python computed."""
        self._process.stdin.write(f"{CALLS}\n")  # type: ignore[union-attr]
        self._process.stdin.flush()  # type: ignore[union-attr]
        took, computed = map(float, self._said().split())
        return took, computed

    def end(self) -> None:
        self._process.communicate()

    def _said(self) -> str:
        return self._process.stdout.readline().strip()  # type: ignore[union-attr]


def measure(rounds: int, trees: dict[str, Tree]) -> dict[str, list[tuple[float, float]]]:
    """Return the µs of each tree by round, without the first rounds."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in trees}
    for _ in range(WARM_UP + rounds):
        for name in random.sample([*trees], len(trees)):
            times[name].append(trees[name].called())
    return {name: each[WARM_UP:] for name, each in times.items()}


def main() -> None:
    """Check out, measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.against")
    parser.add_argument("commit")
    parser.add_argument("rounds", nargs="?", type=int, default=500)
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    which = "list" if arguments.list else "detail"
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(["git", "archive", arguments.commit], cwd=HERE, check=True, capture_output=True)
        subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
        trees = {"old": Tree(Path(folder), "benchmark_old", which), "new": Tree(HERE, "benchmark_new", which)}
        times = measure(arguments.rounds, trees)
        for tree in trees.values():
            tree.end()
    print(f"{arguments.rounds} rounds of {CALLS} calls; load {os.getloadavg()[0]:.1f}")
    for which, name in enumerate(("whole call", "CPU of Python")):
        show(name, [each[which] for each in times["old"]], [each[which] for each in times["new"]])


def show(name: str, old: list[float], new: list[float]) -> None:
    """Print the medians and their ratio, round by round."""
    low, middle, high = statistics.quantiles([one / other for one, other in zip(new, old, strict=True)], n=4)
    medians = f"old {statistics.median(old):.0f} µs, new {statistics.median(new):.0f} µs"
    least, other = (statistics.quantiles(each, n=10)[0] for each in (old, new))
    tenths = f"least tenth {least:.0f} and {other:.0f} µs, ratio {other / least:.3f}"
    print(f"{name}: {medians}; ratio {middle:.3f} ({low:.3f} to {high:.3f}); {tenths}")


if __name__ == "__main__":
    main()
