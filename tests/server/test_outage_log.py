"""What the log says of an outage: a few lines, whatever number of calls fail, and their numbers add up to it."""

import json

import pytest

from tests.server.deployment import Deployment

pytestmark = pytest.mark.server
CALLS = 120


def test_an_outage_is_a_few_lines_that_add_up(served, tmp_path):
    (tmp_path / "broken.sqlite3").write_bytes(b"not a database" * 99)
    log = tmp_path / "server.log"
    with Deployment(served.environment, log=log).serving(DATABASE_URL=f"sqlite:///{tmp_path}/broken.sqlite3") as broken:
        statuses = [broken.get("/external/v1/encounters", token=served.tokens["good"]).status for _ in range(CALLS)]
    assert statuses == [503] * CALLS
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    failed = [line for line in lines if line["event"] == "a call failed"]
    assert sum(1 + line.get("repeated", 0) for line in failed) == CALLS
    assert len(lines) < 30
    assert all(line["request_id"].startswith("req_") and line["where"] for line in failed)
