"""Makes the tables, or imports a folder by `import_fhir` and prints what it took, as JSON."""

import json
import sys
from dataclasses import asdict
from io import StringIO

import django

django.setup()

from django.core.management import call_command  # noqa: E402

from benchmarks import watching  # noqa: E402
from encounters.management.commands.import_fhir import Command  # noqa: E402 – loaded before it is timed, as the peers are
from partners.models import Organization  # noqa: E402
from partners.models.change import Change  # noqa: E402

NAME = "Benchmark of imports"


def main() -> None:
    """Do what the arguments say."""
    if len(sys.argv) == 1:
        call_command("migrate", verbosity=0)
        Organization.create(NAME, Change(by="benchmark", source="benchmark"))
        return
    options = ["--organization", NAME, "--source", "benchmark", "--record-class", "clinical", "--json"]
    took = watching.cost(lambda: call_command(Command(), sys.argv[1], *options, stdout=StringIO()))
    print(json.dumps(asdict(took)))


if __name__ == "__main__":
    main()
