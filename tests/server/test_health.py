"""The probes on the production server, with a database that is there, that is not, and that does not answer."""

import json
import socket
import time
from contextlib import contextmanager

import pytest

from tests.server.deployment import Deployment, free_port
from tests.server.test_faults import on_postgresql
from tests.stopwatch import running

pytestmark = pytest.mark.server
HOST = b"Host: 10.0.0.7"


@contextmanager
def served_over(served, tmp_path, **environment):
    """Serve over another database; yield the server, and what it has logged of its readiness."""
    log = tmp_path / "server.log"
    with Deployment(served.environment, log=log).serving(CHARTERO_WORKERS="1", **environment) as server:
        server.get("/healthz")  # it listens before its application is there
        yield server, lambda: [json.loads(line) for line in log.read_text().splitlines() if "chartero.health" in line]


@contextmanager
def silent_database():
    """Something that takes connections, and never says a word; the operator would wait nine seconds for it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"postgres://nobody@127.0.0.1:{listener.getsockname()[1]}/nothing?connect_timeout=9"


def timed(server, path):
    with running() as watch:
        return server.get(path).status, watch.seconds()


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
@pytest.mark.parametrize("path", [b"/healthz", b"/readyz"])
def test_a_probe_without_a_name_for_us_is_answered(served, method, path):
    answer = served.raw(method + b" " + path + b" HTTP/1.1", HOST, b"Cookie: sessionid=x")
    assert (answer.status, answer.body) == (200, b"ok\n" if method == b"GET" else b"")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Length"] == "3"
    assert not {"Set-Cookie", "Location", "X-Request-ID"} & set(answer.headers)


def test_a_database_out_of_reach(served, tmp_path):
    url = f"postgres://nobody@127.0.0.1:{free_port()}/nothing"
    with served_over(served, tmp_path, DATABASE_URL=url) as (server, logged):
        assert [timed(server, path)[0] for path in ("/readyz", "/healthz")] == [503, 200]
        assert server.get("/readyz").body == b"unavailable\n"
    assert [(line["check"], line["exception"].split()[0]) for line in logged()] == [("database", "OperationalError")]


def test_a_database_that_hangs_is_told_within_two_seconds_and_logged_once(served, tmp_path):
    with silent_database() as url, served_over(served, tmp_path, DATABASE_URL=url) as (server, logged):
        probes = [timed(server, "/readyz") for _ in range(30)]
        assert {status for status, _ in probes} == {503}
        assert max(seconds for _, seconds in probes) < 2
        assert timed(server, "/healthz")[0] == 200
    told = ("database", "OperationalError from ConnectionTimeout")
    assert [(line["check"], line["exception"]) for line in logged()][:1] == [told]
    assert len(logged()) <= 2


def test_a_database_that_is_not_migrated(served, tmp_path):
    (tmp_path / "empty.sqlite3").touch()
    url = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    with served_over(served, tmp_path, DATABASE_URL=url) as (server, logged):
        assert server.get("/readyz").status == 503
    assert [line["check"] for line in logged()] == ["migrations"]


def test_the_wrong_digest_keys(served, tmp_path):
    with served_over(served, tmp_path, CHARTERO_DIGEST_KEYS="") as (server, logged):
        assert server.get("/readyz").status == 503
    assert [line["check"] for line in logged()] == ["digest_keys"]


@on_postgresql
def test_a_lock_that_keeps_calls_waiting_ends_readiness_until_it_goes(served, tmp_path):
    import psycopg

    with served_over(served, tmp_path) as (server, logged):
        assert server.get("/readyz").status == 200
        with psycopg.connect(served.environment["DATABASE_URL"]) as blocker:
            blocker.execute("LOCK TABLE partners_apikeyswitch IN ACCESS EXCLUSIVE MODE")
            time.sleep(1.1)
            status, seconds = timed(server, "/readyz")
            assert (status, seconds < 2) == (503, True)
            blocker.rollback()
        time.sleep(3)
        assert server.get("/readyz").status == 200
    assert [line["event"] for line in logged()] == ["not ready", "ready again"]
