"""How fast does import_fhir write, and what of the database does it take? A first run, the same again, one of changes.

    DATABASE_URL=sqlite:////path/to/empty.sqlite3 python -m benchmarks.imports [ENCOUNTERS | FOLDER]
    CHARTERO_FSYNC=on .ci/with-postgresql python -m benchmarks.imports [ENCOUNTERS | FOLDER]

Migrates the empty database of `DATABASE_URL` and imports into it, what stays there: a Bulk Data folder, or as many
invented encounters, 20,000 by default, with a patient to each thirty and a note to each. In the run of changes every
resource is a newer version with another value. Prints a line for each run; the peak of memory is that of all so far.
"""

import gzip
import json
import os
import resource
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chartero.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from encounters.fhir.export import folders  # noqa: E402
from encounters.importing.reading import files  # noqa: E402
from partners.models import Organization  # noqa: E402
from partners.models.change import Change  # noqa: E402

ENCOUNTERS, OF_A_PATIENT = 20_000, 30
NOTE = b64encode(b"An invented note, about as long as short ones are. " * 20).decode()
START = datetime(2026, 1, 1, 8, tzinfo=UTC)
FIRST, LATER = "2026-06-01T00:00:00Z", "2199-01-01T00:00:00Z"
CHANGES: dict[str, dict[str, Any]] = {
    "Patient": {"name": [{"family": "Changed", "given": ["Invented"]}]},
    "Encounter": {"status": "cancelled"},
    "DocumentReference": {"description": "Changed note"},
}


def patients(count: int) -> Iterator[dict[str, Any]]:
    """Invent patients."""
    for number in range(count):
        name = [{"family": f"Example{number}", "given": ["Invented"]}]
        yield {"id": f"p{number}", "name": name, "birthDate": f"{1930 + number % 80}-02-03"}


def encounters(count: int) -> Iterator[dict[str, Any]]:
    """Invent encounters."""
    for number in range(count):
        period = {"start": (START + timedelta(minutes=number)).isoformat()}
        subject = {"reference": f"Patient/p{number // OF_A_PATIENT}"}
        yield {"id": f"e{number}", "status": "finished", "subject": subject, "period": period}


def notes(count: int) -> Iterator[dict[str, Any]]:
    """Invent a note for each encounter."""
    for number in range(count):
        facts = {"status": "current", "docStatus": "final", "description": "Note", "date": FIRST}
        content = [{"attachment": {"contentType": "text/plain", "data": NOTE}}]
        context = {"encounter": [{"reference": f"Encounter/e{number}"}]}
        yield {"id": f"d{number}", "content": content, "context": context, **facts}


def invent(folder: Path, count: int) -> Path:
    """Write an export."""
    folder.mkdir()
    resources = {"Patient": patients(-(-count // OF_A_PATIENT)), "Encounter": encounters(count)}
    for name, found in (resources | {"DocumentReference": notes(count)}).items():
        with gzip.open(folder / f"{name}.ndjson.gz", "wt", compresslevel=1) as file:
            file.writelines(json.dumps({"resourceType": name} | each) + "\n" for each in found)
    return told(folder, FIRST)


def changed(export: files.Export, folder: Path) -> Path:
    """Write the export as it is later, with another value in each resource."""
    folder.mkdir()
    for file in export.files:
        name, end = file.phases[0], ".gz" if file.path.suffix == ".gz" else ""
        opened: Any = gzip.open if end else open
        into = folder / f"{name}.{file.path.name.removesuffix(end).removesuffix('.ndjson')}.ndjson.gz"
        with opened(file.path, "rt") as lines, gzip.open(into, "wt", compresslevel=1) as changed_lines:
            for line in lines:
                changed_lines.write(json.dumps(json.loads(line) | CHANGES.get(name, {}) | {"meta": {}}) + "\n")
    return told(folder, LATER)


def told(folder: Path, moment: str) -> Path:
    """Write the manifest of a folder, and return the folder."""
    output = [{"type": path.name.split(".")[0], "url": path.name} for path in sorted(folder.glob("*.ndjson.gz"))]
    (folder / "manifest.json").write_text(json.dumps({"transactionTime": moment, "output": output}))
    return folder


class Watch:
    """A count of SQL statements and the seconds that they took, which keeps none of them."""

    def __init__(self) -> None:
        self.statements, self.seconds = 0, 0.0

    def __call__(self, execute: Any, *arguments: Any) -> Any:
        """Execute one statement."""
        begun = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            self.statements += 1
            self.seconds += time.perf_counter() - begun


def measured(name: str, path: Path, organization: Organization) -> None:
    """Import, and print what it took."""
    out, watch = StringIO(), Watch()
    begun, worked = time.perf_counter(), time.process_time()
    with connection.execute_wrapper(watch):
        owner = ["--organization", organization.public_id, "--source", "benchmark"]
        call_command("import_fhir", str(path), *owner, "--record-class", "clinical", "--json", stdout=out)
    took, worked = time.perf_counter() - begun, time.process_time() - worked
    counts = json.loads(out.getvalue())["counts"]
    rows = sum(sum(each.values()) for each in counts.values())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sql = f"{watch.statements:10,}{watch.seconds:8.2f}"
    print(f"{name:14}{rows:9,}{rows / took:9,.0f}{took:9.2f}{worked:8.2f}{sql}{peak:8.0f}", flush=True)


def main() -> None:
    """Make what there is to import, import it three times and print."""
    asked = sys.argv[1] if len(sys.argv) > 1 else str(ENCOUNTERS)
    call_command("migrate", verbosity=0)
    if Organization.objects.exists():
        raise SystemExit("This database holds organizations. Name an empty one in DATABASE_URL.")
    organization = Organization.create("Benchmark of imports", Change(by="benchmark", source="benchmark"))
    print(f"{connection.vendor:14}{'rows':>9}{'rows/s':>9}{'s':>9}{'CPU s':>8}{'SQL':>10}{'SQL s':>8}{'MiB':>8}")
    with TemporaryDirectory() as scratch:
        first = invent(Path(scratch, "first"), int(asked)) if asked.isdecimal() else Path(asked)
        later = changed(folders.find_export(first), Path(scratch, "later"))
        for name, path in (("first", first), ("again", first), ("changed", later), ("changed again", later)):
            measured(name, path, organization)


if __name__ == "__main__":
    main()
