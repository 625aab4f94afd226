"""What does a flood of bad tokens leave behind, and what does it cost a partner? 200 calls a second, for a minute.

    python -m benchmarks.flood [SECONDS]
    .ci/with-postgresql python -m benchmarks.flood [SECONDS]

Serves a database of its own with the production server. A partner calls for a page of 25 the whole time, 20 times a
second, also half a minute before and after. Prints the rows that the flood added, and the partner's median times.
"""

import os
import sys
import tempfile
from pathlib import Path
from statistics import median

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chartero.settings")
django.setup()

from tests.server.deployment import new_deployment  # noqa: E402
from tests.server.flooding import flood  # noqa: E402


def main() -> None:
    """Flood and print."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    with tempfile.TemporaryDirectory() as folder, new_deployment(Path(folder)) as deployment:
        token = deployment.report("demo", "--no-serve")["token"]
        done = flood(deployment, token, seconds, seconds / 2)
    print(f"{done.sent} bad calls in {done.seconds:.1f} s, answered {dict(done.statuses)}")
    print(f"rows added {done.rows}, which count {done.counted} calls")
    print(f"the partner's calls {dict(done.valid)}")
    alone, beside = (median(times) * 1e3 for times in (done.alone, done.beside))
    print(f"their median {alone:.1f} ms alone, {beside:.1f} ms beside the flood: ratio {done.ratio:.2f}")


if __name__ == "__main__":
    main()
