"""The README's way from nothing to a partner's first call, as a new user walks it."""

import os
import re
import subprocess
import sys

import pytest

from tests.server.deployment import ROOT, Deployment, new_database

pytestmark = pytest.mark.server
PATIENT = '{"resourceType": "Patient", "id": "p1", "name": [{"family": "Example", "given": ["Ina"]}]}'
ENCOUNTER = '{"resourceType": "Encounter", "id": "e1", "status": "finished", "subject": {"reference": "Patient/p1"}}'
SUPERUSER = {
    f"DJANGO_SUPERUSER_{name}": value
    for name, value in {"USERNAME": "first", "PASSWORD": "invented for a test", "EMAIL": "first@example.com"}.items()
}


def commands(name: str) -> str:
    """Return the lines of shell behind the comment of this name."""
    page = (ROOT / "README.md").read_text()
    return re.search(rf"<!-- {name} -->\n```sh\n(.*?)```", page, re.DOTALL)[1]


@pytest.fixture
def fresh(tmp_path):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CHARTERO_", "DJANGO_"))}
    export = tmp_path / "path/to/export"
    export.mkdir(parents=True)
    (export / "Patient.ndjson").write_text(PATIENT)
    (export / "Encounter.ndjson").write_text(ENCOUNTER)
    with new_database(tmp_path) as url:
        ours = {"DATABASE_URL": url, "CHARTERO_DATA_DIR": str(tmp_path), "PYTHONWARNINGS": "ignore"}
        yield Deployment(kept | ours | SUPERUSER)


@pytest.mark.once("sqlite")
def test_it_ends_with_the_first_encounter(fresh, tmp_path):
    shell = commands("first call").replace("python manage.py", f"{sys.executable} {ROOT / 'manage.py'}")
    shell = shell.replace("createsuperuser", "createsuperuser --noinput")
    subprocess.run(["bash", "-euc", shell], cwd=tmp_path, env=fresh.environment, check=True, capture_output=True)
    with fresh.serving():
        answer = fresh.get("/external/v1/encounters?limit=2", token=(tmp_path / "ehr-sync.key").read_text().strip())
    assert (answer.status, answer.json()["total"]) == (200, 1)
    assert answer.json()["items"][0]["patient"]["last_name"] == "Example"
