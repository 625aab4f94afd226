"""A limit under many calls at once: four processes of two servers serve exactly as many as it allows."""

import sqlite3
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.server.deployment import Deployment, new_deployment
from tests.server.killing import rows

pytestmark = [pytest.mark.server, pytest.mark.once("postgresql")]
MINUTE = timedelta(minutes=1)
CALLS, LIMIT, CLIENTS = 1_000, 100, 4
ENDLESS, PAST = "9999-12-31 23:59:00", "2026-01-01 00:00:00"


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """Two servers with two processes each over one database, with a limit of the one key."""
    with new_deployment(tmp_path_factory.mktemp("limits")) as deployment:
        deployment.tokens["good"] = deployment.report("demo", "--no-serve")["token"]
        deployment.report("set_limit", "--key", deployment.tokens["good"][6:18], str(LIMIT))
        other = Deployment(deployment.environment, tokens=deployment.tokens)
        patient = deployment.environment["DATABASE_URL"]
        if patient.startswith("sqlite"):  # no call that was counted is refused because others write
            patient += "?timeout=60"
        with deployment.serving(DATABASE_URL=patient), other.serving(DATABASE_URL=patient):
            yield deployment, other


def count_in(deployment, minute, calls):
    """Have so many calls of the key counted in a minute."""
    key_id = deployment.get("/external/v1/key", token=deployment.tokens["good"]).json()["key"]["key_id"]
    sql = f"INSERT INTO partners_limituse VALUES ('{key_id}', '{minute}', {calls})"
    url = deployment.environment["DATABASE_URL"]
    if url.startswith("postgres"):
        with psycopg.connect(url) as connection:
            connection.execute("DELETE FROM partners_limituse")
            connection.execute(f"SET TIME ZONE 'UTC'; {sql}")
        return
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30)) as connection, connection:
        connection.execute("DELETE FROM partners_limituse")
        connection.execute(sql)


def call_all(servers):
    """Make all calls, and return how many got each status."""

    def call(number):
        answer = servers[number % 2].get("/external/v1/encounters?limit=1", token=servers[0].tokens["good"])
        assert answer.status != 429 or 1 <= int(answer.headers["Retry-After"]) <= 60
        return answer.status

    with ThreadPoolExecutor(CLIENTS) as clients:
        return Counter(clients.map(call, range(CALLS)))


def test_exactly_as_many_calls_are_served_as_the_limit_allows(servers):
    count_in(servers[0], ENDLESS, 0)
    assert call_all(servers) == {200: LIMIT, 429: CALLS - LIMIT}
    assert rows(servers[0], "SELECT calls FROM partners_limituse") == [(LIMIT,)]


def test_a_new_minute_allows_as_many_again_and_no_more(servers):
    """All begin at once after a full minute. If the calls take longer than the new minute, the next one allows more."""
    count_in(servers[0], PAST, LIMIT)
    first = minute_of(datetime.now(UTC))
    statuses = call_all(servers)
    minutes = (minute_of(datetime.now(UTC)) - first) // MINUTE + 1
    assert statuses[200] + statuses[429] == CALLS
    assert LIMIT <= statuses[200] <= minutes * LIMIT


def minute_of(moment):
    return moment.replace(second=0, microsecond=0)
