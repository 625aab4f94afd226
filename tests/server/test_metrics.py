"""`/metrics` of the production server: right across processes, after a kill, a reload, and without a database."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.chartero.metrics.scraped import TOKEN, scraped
from tests.server.deployment import ROOT, free_port, wait_for
from tests.server.test_health import silent_database
from tests.stopwatch import running

pytestmark = pytest.mark.server
LIST = "/external/v1/encounters"


@contextmanager
def measured(served, folder: Path, **environment):
    """Serve with metrics. Yield the server and its main process."""
    server = replace(served, port=free_port(), log=folder / "server.log")
    command = [sys.executable, "-m", "gunicorn", "-c", "python:chartero.gunicorn", "chartero.wsgi"]
    bind = {"CHARTERO_BIND": f"127.0.0.1:{server.port}", "CHARTERO_METRICS_TOKEN": TOKEN}
    variables = server.environment | server.web | bind | {"RUNTIME_DIRECTORY": str(folder)} | environment
    with server.log.open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=log, stderr=log)
    try:
        wait_for(server.port, process)
        until(lambda: scraped(server)("chartero_server_processes") == 2)
        yield server, process
    finally:
        process.terminate()
        process.wait(30)
    assert list(folder.glob("chartero-metrics-*")) == []


@pytest.fixture(scope="module")
def server(served, tmp_path_factory):
    folder = tmp_path_factory.mktemp("measured")
    with measured(served, folder) as (server, process):
        yield server, process, folder


def workers(process) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def until(holds, seconds=15.0):
    end = time.monotonic() + seconds
    while not (value := holds()):
        assert time.monotonic() < end
        time.sleep(0.1)
    return value


def call(server, number=40):
    """Call so often that both processes have their share; return how many of each route were made."""
    key = server.tokens["good"]
    for _ in range(number):
        assert server.get(f"{LIST}?limit=1", token=key).status == 200
        assert server.get(LIST).status == 401
    assert server.get(f"{LIST}?limit=0", token=key).status == 422
    assert server.get(f"{LIST}/enc_unknown", token=key).status == 404
    assert server.get("/external/v1/nothing", token=key).status == 404
    return Counter({"served": number, "missing_bearer": number})


def answered(found, **labels):
    return found("chartero_calls_total", **labels) or 0


def test_every_process_tells_what_all_have_counted(server):
    server, *_ = server
    before = scraped(server)
    made = call(server)
    seen = [scraped(server) for _ in range(8)]
    for after in seen:
        for reason, number in made.items():
            labels = {"route": "encounters.list", "reason": reason}
            assert answered(after, **labels) - answered(before, **labels) == number
    for labels in (
        {"reason": "invalid_limit", "status": "422", "route": "encounters.list"},
        {"reason": "encounter_not_found", "status": "404", "route": "encounters.detail"},
        {"reason": "route_not_found", "status": "404", "route": "none"},
    ):
        assert answered(after, **labels) - answered(before, **labels) == 1
    assert after("chartero_call_duration_seconds_count") == answered(after)
    assert 0 < after("chartero_call_duration_seconds_sum", route="encounters.list") < 60
    assert (after("chartero_database_up"), after("chartero_keys_on")) == (1, 1)


def test_a_kept_count_outlives_the_process_that_counted_it(server):
    server, process, folder = server
    call(server, number=5)
    before, files = scraped(server), sorted(each.name for each in folder.rglob("*.db"))
    total, starts = answered(before), before("chartero_server_process_starts_total")
    killed = workers(process)
    os.kill(killed[0], signal.SIGKILL)
    until(lambda: len(workers(process)) == 2 and killed[0] not in workers(process))
    after = until(lambda: (found := scraped(server))("chartero_server_processes") == 2 and found)
    assert answered(after) == total
    assert after("chartero_server_process_starts_total") == starts + 1
    call(server, number=5)
    assert answered(scraped(server)) == total + 13
    assert sorted(each.name for each in folder.rglob("*.db")) == files


def test_a_reload_loses_no_count_and_leaves_no_more_files_than_two_generations_need(server):
    server, process, folder = server
    total = answered(scraped(server))
    for _ in range(2):
        old = set(workers(process))
        process.send_signal(signal.SIGHUP)
        until(lambda: len(workers(process)) == 2 and not old & set(workers(process)))  # noqa: B023
    after = until(lambda: (found := scraped(server))("chartero_server_processes") == 2 and found)
    assert answered(after) == total
    places = {each.stem.rpartition("_")[2] for each in folder.rglob("*.db")}
    assert places <= {"0", "1", "2", "3"}


def test_the_files_have_their_room_on_the_disk_from_the_start(server):
    *_, folder = server
    files = list(folder.rglob("*.db"))
    assert files
    assert all(each.stat().st_blocks * 512 >= 256 * 1024 for each in files)
    assert {each.stat().st_mode & 0o777 for each in files} == {0o600}


def test_open_connections_and_threads_are_told(server):
    server, *_ = server
    with socket.create_connection(("127.0.0.1", server.port)), socket.create_connection(("127.0.0.1", server.port)):
        found = until(lambda: (found := scraped(server))("chartero_server_connections") >= 2 and found)
    assert found("chartero_server_threads") == 4
    assert found("chartero_server_connections_limit") > 8
    assert (found("chartero_server_waiting_calls"), found("chartero_server_pending_connections")) == (0, 0)


def test_no_label_holds_what_a_caller_sent(served, server):
    server, *_ = server
    call(server, number=1)
    text = server.get("/metrics", token=TOKEN).body.decode()
    assert served.organization_id not in text
    assert not any(word in text for word in (*server.tokens.values(), "127.0.0.1"))
    assert re.search("(req|key|org|enc)_[0-9A-Za-z]{9}", text.replace("key_unavailable", "")) is None
    assert TOKEN not in server.log.read_text()


def test_only_whoever_has_the_token_reads(server):
    server, *_ = server
    for token in (None, "", "x", TOKEN[:-1], TOKEN + "x", server.tokens["good"]):
        answer = server.get("/metrics", token=token)
        assert (answer.status, answer.body) == (401, b"unauthorized\n")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert server.get("/metrics", token=TOKEN, headers={"Host": "elsewhere.example"}).status == 200
    assert "Set-Cookie" not in server.get("/metrics", token=TOKEN).headers


def test_without_a_database_what_the_processes_counted_is_told(served, tmp_path):
    with silent_database() as url, measured(served, tmp_path, DATABASE_URL=url) as (server, _):
        server.get(LIST, token=server.tokens["good"])
        for _ in range(3):
            with running() as watch:
                found = scraped(server)
                assert watch.seconds() < 2.2
        assert found("chartero_database_up") == 0
        assert answered(found, route="encounters.list", status="503") == 1
        assert "chartero_seal_last_number" not in found.names


def test_a_server_that_was_killed_leaves_nothing_for_long(served, tmp_path):
    with measured(served, tmp_path) as (server, process):
        (left,) = tmp_path.glob("chartero-metrics-*")
        for pid in (process.pid, *workers(process)):
            os.kill(pid, signal.SIGKILL)
        process.wait(30)
        os.utime(left, (0, 0))
        with measured(served, tmp_path) as (server, _):
            assert scraped(server)("chartero_server_process_starts_total") == 2
        assert not left.exists()
