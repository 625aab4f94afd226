"""Faults of the database: 503 in the error body, never a wrong verdict, and service again once it is back."""

import os
import threading
import time

import pytest

from tests.server.deployment import Deployment, free_port
from tests.stopwatch import running

pytestmark = [pytest.mark.server, pytest.mark.once("postgresql")]
LIST = "/external/v1/encounters"
on_postgresql = pytest.mark.skipif(
    not os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="needs PostgreSQL"
)


def assert_unavailable(answer):
    assert (answer.status, answer.json()["reason_code"]) == (503, "service_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert "WWW-Authenticate" not in answer.headers


@pytest.mark.parametrize("damage", ["not a database", "missing tables"])
def test_a_broken_database_file(served, tmp_path, damage):
    file = tmp_path / "broken.sqlite3"
    file.write_bytes(b"not a database" * 99 if damage == "not a database" else b"")
    with Deployment(served.environment).serving(DATABASE_URL=f"sqlite:///{file}") as broken:
        assert_unavailable(broken.get(LIST, token=served.tokens["good"]))
        assert broken.get(LIST).json()["reason_code"] == "missing_bearer"


def test_a_database_that_does_not_answer(served):
    url = f"postgres://nobody@127.0.0.1:{free_port()}/nothing"
    with Deployment(served.environment).serving(DATABASE_URL=url) as cut_off:
        assert_unavailable(cut_off.get(LIST, token=served.tokens["good"]))


@on_postgresql
def test_a_locked_table_is_given_a_second_and_calls_resume_soon_after(served):
    import psycopg

    with psycopg.connect(served.environment["DATABASE_URL"]) as blocker:
        blocker.execute("LOCK TABLE partners_apikey IN ACCESS EXCLUSIVE MODE")
        assert_unavailable(served.get(LIST, token=served.tokens["good"]))
        blocker.rollback()
    assert 200 in [status_after(0.25, served) for _ in range(8)]


def status_after(seconds, served):
    time.sleep(seconds)
    return served.get(LIST, token=served.tokens["good"]).status


@on_postgresql
def test_lost_connections_are_made_anew(served):
    import psycopg

    with psycopg.connect(served.environment["DATABASE_URL"], autocommit=True) as killer:
        for _ in range(9):
            with running() as watch:
                before = statuses(served)
                killer.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                    "AND pid <> pg_backend_pid()"
                )
                after = statuses(served)
            if before == after == [200] * 20 or not watch.lost:
                break
            time.sleep(1)  # calls may have paused because the machine stood still
    assert before == after == [200] * 20


def statuses(served):
    return [served.get(LIST, token=served.tokens["good"]).status for _ in range(20)]


def test_nothing_that_begins_after_a_revocation_is_served(served):
    organization = ["--organization", served.organization_id]
    scopes = ["--scope", "encounters:read", "patients:read", "documents:read"]
    for _ in range(3):
        key = served.report("issue_key", *organization, "--label", "Under load", *scopes)
        calls, done = [], threading.Event()
        callers = [threading.Thread(target=keep_calling, args=(served, key["token"], calls, done)) for _ in range(4)]
        for caller in callers:
            caller.start()
        served.manage("revoke_key", key["key_id"], "--reason", "a test")
        revoked = time.monotonic()
        time.sleep(0.3)
        done.set()
        for caller in callers:
            caller.join()
        call(served, key["token"], calls)
        assert {status for begun, status in calls if begun > revoked} == {401}
        assert 200 in {status for _, status in calls}


def keep_calling(served, token, calls, done):
    while not done.is_set():
        call(served, token, calls)


def call(served, token, calls):
    begun = time.monotonic()
    calls.append((begun, served.get(f"{LIST}?limit=1", token=token).status))
