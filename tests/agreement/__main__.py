"""Let the state machine run for long, and report how often each answer was given.

python -m tests.agreement [--runs 200] [--steps 50] [--shrink]
.ci/with-postgresql python -m tests.agreement

It exits with 1 if the model, the API, the diagnosis page and a key's own answer didn't agree about a call.
"""

import argparse
import os
import sys
import time
from collections import Counter

import django
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402

from tests.agreement.machine import AccessMachine  # noqa: E402


def main():
    """Read the arguments, run the machine in a database of its own, and print a line for each answer."""
    parser = argparse.ArgumentParser(prog="python -m tests.agreement", description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--shrink", action="store_true", help="shorten a failure, which may take minutes")
    arguments = parser.parse_args()
    run(arguments.runs, arguments.steps, [Phase.generate, *[Phase.shrink] * arguments.shrink])


def run(runs, steps, phases):
    """Run the machine with the same examples each time."""
    setup_test_environment()
    connection.creation.create_test_db(verbosity=0)
    AccessMachine.met, began = Counter(), time.monotonic()
    how = settings(max_examples=runs, stateful_step_count=steps, phases=phases, derandomize=True, deadline=None)
    try:
        with transaction.atomic():
            run_state_machine_as_test(AccessMachine, settings=settings(how, suppress_health_check=[*HealthCheck]))
    finally:
        connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)
        seconds = time.monotonic() - began
        lines = [f"{calls:8,}  {code or 'served'}" for code, calls in AccessMachine.met.most_common()]
        total = f"{AccessMachine.met.total():8,}  calls on {connection.vendor}"
        sys.stdout.write("\n".join([*lines, f"{total}, {runs} runs of {steps} steps, {seconds:.0f} s", ""]))


if __name__ == "__main__":
    main()
