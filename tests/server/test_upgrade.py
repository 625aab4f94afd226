"""A new release, or new settings, while partners call: no call fails."""

import os
import signal
import socket
import time

import pytest

from tests.chartero.metrics.scraped import TOKEN
from tests.server.upgrading import BUSY, SERVED, AdoptedService, calls, running

pytestmark = [pytest.mark.server, pytest.mark.once("postgresql")]


def test_a_new_release_replaces_the_old_one_without_a_failed_call(served, tmp_path):
    with running(served.environment, tmp_path) as service, calls(service.port, served.tokens["good"]) as met:
        for _ in range(3):
            service.upgrade()
            time.sleep(1)
    assert set(met) <= {SERVED, BUSY}
    assert met[SERVED] > 100


def test_a_restart_fails_no_call_while_something_else_holds_the_socket(served, tmp_path):
    with running(served.environment, tmp_path, held=True) as service, calls(service.port, served.tokens["good"]) as met:
        for change in (service.upgrade, service.upgrade):
            change()
            time.sleep(1)
        service.stop()
        service.start()
        time.sleep(1)
    assert set(met) <= {SERVED, BUSY}
    assert met[SERVED] > 100


def test_a_new_release_outlives_the_old_one_where_supervisor_knows_only_the_first_process(served, tmp_path):
    counting = {"CHARTERO_METRICS_TOKEN": TOKEN, "RUNTIME_DIRECTORY": str(tmp_path)}
    with running(served.environment, tmp_path, held=True, kind=AdoptedService, **counting) as service:
        with calls(service.port, served.tokens["good"]) as met:
            for _ in range(2):
                service.upgrade()
                time.sleep(1)
        (known,) = service.started
        assert known.poll() is None
        assert len([*tmp_path.glob("chartero-metrics-*")]) == 1  # one server counts, whichever process is asked
    assert known.returncode == 0
    assert set(met) <= {SERVED, BUSY}
    assert met[SERVED] > 50


@pytest.fixture
def unready(served):
    """Let new processes find that migrations are missing."""
    served.manage("migrate", "--fake", "encounters", "0001", "--verbosity", "0")
    yield
    served.manage("migrate", "--fake", "--verbosity", "0")


def test_a_release_that_is_not_ready_leaves_the_old_one_serving(served, unready, tmp_path):
    with running(served.environment, tmp_path) as service, calls(service.port, served.tokens["good"]) as met:
        old = service.pid
        os.kill(old, signal.SIGUSR2)
        service.wait_until(lambda: "Worker failed to boot" in service.log.read_text())
        assert '"check": "migrations"' in service.log.read_text()
        time.sleep(1)
        assert service.pid == old
    assert set(met) <= {SERVED, BUSY}


def test_the_init_system_is_told_the_new_main_process(served, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(tmp_path / "notify"))
        told.settimeout(60)
        with running(served.environment, tmp_path, NOTIFY_SOCKET=str(tmp_path / "notify")) as service:
            assert told.recv(100).startswith(b"READY=1")
            service.upgrade()
            assert told.recv(100).startswith(b"READY=1")
            assert told.recv(100) == b"MAINPID=%d" % service.pid
