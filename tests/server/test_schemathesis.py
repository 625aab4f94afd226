"""Schemathesis calls the production server with what the published document allows, and with what it forbids.

Every check of Schemathesis is on. Its findings are faults but for these three, of the kind "Schema-valid request
rejected":

1. A 422 on `encounters_list`. JSON Schema judges one parameter at a time, and a text by its pattern: it cannot say that
   `start_at` must be earlier than `end_at`, that there is no 30 February, or that UTC cannot hold the first hour of the
   year 1 at +01:00. The document says so in words. The code is always `invalid_query`.
2. A 400 on a document route. It depends on the type of the stored document, not on the form of the request. The code is
   always `unsupported_document_type`.
3. A 422 on `changes_list`. A text of the right form can still be no cursor of ours. The code is always `invalid_query`.

The file is also the module of hooks that Schemathesis loads.
"""

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

schemathesis = pytest.importorskip("schemathesis", reason="needs .ci/requirements.txt")
pytestmark = [pytest.mark.server, pytest.mark.tools]

ROOT = Path(__file__).parents[2]
REQUESTS = 2000
EXAMPLES_OF_AN_OPERATION = "220"
EXPLAINED = {
    "encounters_list": (422, "invalid_query"),
    "documents_detail": (400, "unsupported_document_type"),
    "documents_transcript": (400, "unsupported_document_type"),
    "documents_audio": (400, "unsupported_document_type"),
    "changes_list": (422, "invalid_query"),
}
KNOWN = itertools.cycle(json.loads(os.environ.get("KNOWN_DOCUMENTS", "[{}]")))


@schemathesis.hook
def before_call(context, case, **kwargs):
    """Ask for what is there: of ids at random none would ever be."""
    if case.meta.phase.name == "fuzzing" and case.meta.generation.mode.is_positive:
        known = next(KNOWN)
        case.path_parameters |= {name: known[name] for name in case.path_parameters if name in known}


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Pass over what is explained above."""
    operation = case.operation.definition.raw["operationId"]
    status, code = EXPLAINED.get(operation, (None, None))
    explained = response.status_code == status and response.json()["reason_code"] == code
    return not (type(failure).__name__ == "RejectedPositiveData" and explained)


def documents(served):
    """Return the ids of every document of a page, with those of their encounters."""
    items = served.get("/external/v1/encounters?limit=50", token=served.tokens["good"]).json()["items"]
    return [
        {"encounter_id": item["encounter_id"], "document_id": each["document_id"]}
        for item in items
        for each in item["documents"]
    ]


def served_by_route(served):
    """Return how many calls of each route the ledger has a 200 for."""
    sql = "SELECT route, count(*) FROM partners_requestrecord WHERE status = 200 GROUP BY route"
    code = (
        f"import json; from django.db import connection as c; r = c.cursor(); r.execute({sql!r}); "
        f"print(json.dumps(r.fetchall()))"
    )
    return dict(json.loads(served.manage("shell", "--no-imports", "-c", code)))


def test_two_thousand_requests_find_nothing_that_is_not_explained(served, tmp_path):
    report = tmp_path / "report.json"
    url = f"http://127.0.0.1:{served.port}/openapi/v1/openapi.json"
    credentials = f"Authorization: Bearer {served.tokens['good']}"
    hooks = {"SCHEMATHESIS_HOOKS": __name__, "PYTHONPATH": str(ROOT)}
    kept = ["--report-json-path", report, "--no-color"]
    options = ["--checks", "all", "--max-examples", EXAMPLES_OF_AN_OPERATION, "--seed", "1", *kept]
    found = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", url, "-H", credentials, *options],
        env=os.environ | hooks | {"KNOWN_DOCUMENTS": json.dumps(documents(served))},
        cwd=tmp_path,  # it leaves a cache there
        capture_output=True,
        text=True,
    )
    told = json.loads(report.read_text())
    assert (found.returncode, told["failures"], told["errors"]) == (0, [], []), found.stdout
    assert told["test_cases"]["generated"] >= REQUESTS
    assert told["operations"]["tested"] == told["operations"]["total"] == len(served_by_route(served))
