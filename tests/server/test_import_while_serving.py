"""Partners call while a large import and its dry run are under way: every call is answered and recorded."""

import subprocess
import sys

import pytest

from tests.encounters.fhir import exports
from tests.server.deployment import ROOT

pytestmark = pytest.mark.server
SIZE = 2_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    resources = [exports.patient(f"p{n}") for n in range(SIZE)]
    resources += [exports.encounter(f"e{n}", patient=f"Patient/p{n}") for n in range(SIZE)]
    resources += [exports.document(f"d{n}", encounter=f"Encounter/e{n}") for n in range(SIZE)]
    return exports.write(tmp_path_factory.mktemp("export") / "bulk", *resources)


def test_no_call_fails_because_of_an_import(served, folder):
    partner = served.report("create_organization", "Invented Practice of an import", "--purpose", "Treatment")
    arguments = ["--organization", partner["organization_id"], "--record-class", "clinical", "--json"]
    for option in (["--dry-run"], []):
        command = [sys.executable, "manage.py", "import_fhir", str(folder), *arguments, *option]
        importing = subprocess.Popen(command, cwd=ROOT, env=served.environment, stdout=subprocess.PIPE, text=True)
        statuses = []
        while importing.poll() is None:
            statuses.append(served.get("/external/v1/encounters?limit=1", token=served.tokens["good"]).status)
        assert f'"Encounter": {{"created": {SIZE}}}' in importing.communicate()[0]
        assert set(statuses) == {200}
