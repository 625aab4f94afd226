"""Deliver webhooks while everything breaks: the delivery, the database, and the receivers.

.ci/with-postgresql python -m tests.faults.webhooks [--rounds 5]

Two services deliver to six receivers over TLS, which are up, down for an hour, slow, flapping, gone for half an hour
(410), and busy for an hour (429). Meanwhile transcripts are written in long transactions, some of which roll back.
Every few seconds a service is killed, and PostgreSQL (a copy of the one at hand) is stopped as by a crash and started
again. The hour is simulated: what waits is moved. It exits with 1 unless every event arrived, none before its data
could be read, with the same ids on each attempt, and verified by `standardwebhooks` if that can be imported.
"""

import argparse
import os
import random
import subprocess
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from tests.faults import postgres  # noqa: E402
from tests.server.deployment import ROOT  # noqa: E402

EVERY = (3.0, 6.0)  # seconds between two crashes of PostgreSQL
AWAY = 0.5  # seconds that it is away


def main() -> None:
    """Break the database while another process does the rest."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    rounds = str(parser.parse_args().rounds)
    postgres.require(parser)
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity=0"], cwd=ROOT, check=True)
    with postgres.folder() as place, postgres.copy_of(os.environ["DATABASE_URL"], place) as server:
        of_copy = os.environ | {"DATABASE_URL": server.url}
        inside = subprocess.Popen([sys.executable, "-m", "tests.faults.webhook_rounds", rounds], env=of_copy)
        crashes = 0
        while inside.poll() is None:
            time.sleep(random.uniform(*EVERY))
            server.stop()
            time.sleep(AWAY)
            server.start()
            crashes += 1
    sys.stdout.write(f"PostgreSQL crashed and came back {crashes} times\n")
    sys.exit(inside.returncode)


if __name__ == "__main__":
    main()
