"""How fast does import_fhir write, and what of the database does it take? A first run, the same again, one of changes.

    DATABASE_URL=sqlite:////path/to/empty.sqlite3 python -m benchmarks.imports [ENCOUNTERS | FOLDER]
    CHARTERO_FSYNC=on .ci/with-postgresql python -m benchmarks.imports [ENCOUNTERS | FOLDER]

Migrates the empty database of `DATABASE_URL` and imports into it, what stays there: a Bulk Data folder, or as many
invented encounters, 20,000 by default, with a patient to each thirty and a note to each. In the run of changes every
resource is a newer version with another value. Prints a line for each run; the peak of memory is that of all so far.
"""

import json
import os
import sys
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chartero.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from benchmarks import exports, watching  # noqa: E402
from partners.models import Organization  # noqa: E402
from partners.models.change import Change  # noqa: E402


def measured(name: str, path: Path, organization: Organization) -> None:
    """Import, and print what it took."""
    out = StringIO()
    options = ["--organization", organization.public_id, "--source", "benchmark", "--record-class", "clinical"]
    took = watching.cost(lambda: call_command("import_fhir", str(path), *options, "--json", stdout=out))
    rows = sum(sum(each.values()) for each in json.loads(out.getvalue())["counts"].values())
    cpu = f"{took.python:9.2f}{took.server:9.2f}"
    sql = f"{took.statements:10,}{took.sql:8.2f}"
    print(
        f"{name:14}{rows:9,}{rows / took.seconds:9,.0f}{took.seconds:9.2f}{cpu}{sql}{took.mebibytes:8.0f}", flush=True
    )


def main() -> None:
    """Make what there is to import, import it three times and print."""
    asked = sys.argv[1] if len(sys.argv) > 1 else str(exports.ENCOUNTERS)
    call_command("migrate", verbosity=0)
    if Organization.objects.exists():
        raise SystemExit("This database holds organizations. Name an empty one in DATABASE_URL.")
    organization = Organization.create("Benchmark of imports", Change(by="benchmark", source="benchmark"))
    cpu = f"{'Python s':>9}{'server s':>9}"
    print(f"{connection.vendor:14}{'rows':>9}{'rows/s':>9}{'s':>9}{cpu}{'SQL':>10}{'SQL s':>8}{'MiB':>8}")
    with TemporaryDirectory() as scratch:
        first = exports.invented(Path(scratch, "first"), int(asked)) if asked.isdecimal() else Path(asked)
        later = exports.changed(first, Path(scratch, "later"))
        for name, path in (("first", first), ("again", first), ("changed", later), ("changed again", later)):
            measured(name, path, organization)


if __name__ == "__main__":
    main()
