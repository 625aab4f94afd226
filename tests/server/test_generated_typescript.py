"""The types that openapi-typescript generates from the published document compile, and work against the server."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.server.unseen import UNSEEN, older_document

pytestmark = [pytest.mark.server, pytest.mark.tools]
PROGRAM = Path(__file__).with_name("typescript")
LIST = "/external/v1/encounters"


def run(folder, *command, **environment):
    done = subprocess.run(
        command, cwd=folder, env=os.environ | environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(served, tmp_path_factory):
    """Return the folder of the program, built from a document that lacks a code which the server sends."""
    if not shutil.which("npm"):
        pytest.skip("not here: npm")
    folder = tmp_path_factory.mktemp("typescript") / "client"
    shutil.copytree(PROGRAM, folder, ignore=shutil.ignore_patterns("node_modules"))
    (folder / "openapi.json").write_text(json.dumps(older_document(served)))
    run(folder, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    run(folder, "npm", "run", "generate")
    run(folder, "npm", "run", "build")
    return folder


@pytest.fixture(scope="module")
def told(served, built):
    """Return what the program prints; where the server is, the document says."""
    (server,) = json.loads((built / "openapi.json").read_text())["servers"]
    return json.loads(run(built, "node", "calls.js", CHARTERO_URL=server["url"], CHARTERO_KEY=served.tokens["good"]))


def test_it_reads_what_the_api_sends(served, told):
    page = served.get(f"{LIST}?limit=2&sort_order=asc", token=served.tokens["good"]).json()
    first = page["items"][0]
    assert (told["page"], told["encounter"]) == (page, first)
    assert told["born"] == (first["patient"] or {}).get("date_of_birth")


def test_a_code_that_it_has_never_seen_reaches_the_program(told):
    assert (told["status"], told["toCome"]) == (422, "a_code_to_come")
    assert told["refusals"][0] == {"code": UNSEEN, "field": "limit"}


def test_a_code_that_it_knows(told):
    assert told["refusals"][1] == {"code": "missing_bearer", "field": None}


def test_an_error_is_one_type_and_no_global_is_hidden(built):
    named = re.findall(r"^ {8}(\w+): ", (built / "api.d.ts").read_text().partition("schemas: {")[2], re.MULTILINE)
    assert {"ErrorAnswer", "EncounterDocument", "EncounterPage"} <= set(named)
    assert not {"Error", "Document"} & set(named)
