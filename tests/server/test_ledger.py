"""The ledger as the production server keeps it: a busy one lets no answer out, and the counts outlive the server."""

import sqlite3
import time
from contextlib import closing, contextmanager

import psycopg
import pytest

from tests.server.deployment import Deployment
from tests.server.killing import rows

pytestmark = pytest.mark.server
LIST = "/external/v1/encounters"


@contextmanager
def busy_ledger(deployment):
    """Have another process hold on to the ledger: readers pass, writers wait."""
    url = deployment.environment["DATABASE_URL"]
    if url.startswith("postgres"):
        with psycopg.connect(url) as connection:
            connection.execute("LOCK TABLE partners_requestrecord IN EXCLUSIVE MODE")
            yield
        return
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield


@pytest.mark.parametrize("query", ["?limit=1", "?limit=0"])
def test_an_answer_waits_two_seconds_for_its_row_and_no_longer(served, query):
    token = served.tokens["good"]
    with busy_ledger(served):
        answer = served.get(f"{LIST}{query}", token=token)
        assert served.get(LIST).json()["reason_code"] == "missing_bearer"
    assert (answer.status, answer.json()["reason_code"]) == (503, "service_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert status_on_record(served, answer) == []
    later = answer_in_service(served, f"{LIST}{query}", token)
    assert status_on_record(served, later) == [(later.status,)]


def answer_in_service(served, path, token):
    """Return the first answer that is not 503. For a moment after the wait, calls fail without asking the database."""
    for _ in range(40):
        answer = served.get(path, token=token)
        if answer.status != 503:
            return answer
        time.sleep(0.05)
    raise AssertionError("no service within 2 s of the end of the lock")


def status_on_record(served, answer):
    request_id = answer.headers["X-Request-ID"]
    return rows(served, f"SELECT status FROM partners_requestrecord WHERE request_id = '{request_id}'")


def test_what_was_counted_is_written_when_the_server_ends(served):
    with Deployment(served.environment).serving(CHARTERO_BEHIND_PROXY="1") as another:
        for _ in range(7):
            another.get(LIST, token="x", headers={"X-Forwarded-For": "203.0.113.77"})
    counted = "SELECT reason_code, sum(count) FROM partners_unkeyedcount WHERE source = '203.0.113.77' GROUP BY 1"
    assert rows(served, counted) == [("malformed_token", 7)]
