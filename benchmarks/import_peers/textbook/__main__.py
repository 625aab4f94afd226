"""Makes the tables, or imports a folder in batches or row by row and prints what it took, as JSON."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import django

django.setup()

from django.core.management import call_command  # noqa: E402

from benchmarks import watching  # noqa: E402
from benchmarks.import_peers.textbook.importing import Import, in_bulk, row_by_row  # noqa: E402
from benchmarks.import_peers.textbook.models import Organization  # noqa: E402

WAYS = {"batches": in_bulk, "rows": row_by_row}


def main() -> None:
    """Do what the arguments say."""
    if len(sys.argv) == 1:
        call_command("migrate", run_syncdb=True, verbosity=0)
        return
    organization, _ = Organization.objects.get_or_create(name="Benchmark")
    work = Import(Path(sys.argv[1]), organization, WAYS[sys.argv[2]])
    took = watching.cost(work.run)
    if work.rejected:
        raise SystemExit(f"The textbook rejects {len(work.rejected)} resources, such as {work.rejected[0]}")
    print(json.dumps(asdict(took)))


if __name__ == "__main__":
    main()
