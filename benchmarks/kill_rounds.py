"""Is any answer without its row when the server is killed? `kill -9` at random moments, round after round.

    python -m benchmarks.kill_rounds [ROUNDS]
    CHARTERO_FSYNC=on .ci/with-postgresql python -m benchmarks.kill_rounds [ROUNDS]

Each round starts the production server on a database of its own, calls it from six threads, kills all its processes at
once, and looks for every answer that was seen. Prints what came of it; exit code 1 where one is not on record.
"""

import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chartero.settings")
django.setup()

from tests.server.deployment import new_deployment  # noqa: E402
from tests.server.killing import Killing, Round  # noqa: E402


def run(rounds: int) -> list[Round]:
    """Return what came of each round."""
    with tempfile.TemporaryDirectory() as folder, new_deployment(Path(folder)) as deployment:
        killing, done = Killing(deployment), []
        for number in range(1, rounds + 1):
            done.append(killing.round())
            if done[-1].faults:
                print(f"round {number}: {done[-1]}")
            if number % 20 == 0:
                print(f"{number} rounds, {sum(each.bodies for each in done)} bodies", flush=True)
        return done


def main() -> None:
    """Run the rounds and print the sum."""
    done = run(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
    total: Counter[str] = Counter()
    for each in done:
        total.update(bodies=each.bodies, cut=each.cut, unseen=each.unseen)
        total.update(missing=len(each.missing), different=len(each.different))
        total.update({f"status {status}": number for status, number in each.statuses.items()})
    print(f"{len(done)} rounds:", ", ".join(f"{name} {number}" for name, number in total.items()))
    sys.exit(any(each.faults for each in done))


if __name__ == "__main__":
    main()
