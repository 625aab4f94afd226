"""How the web processes run: each on a core of its own where there is one for each."""

import os
import signal
from queue import SimpleQueue
from types import SimpleNamespace

import pytest

from chartero import gunicorn


def started(number: int, monkeypatch, cores=(0, 1)) -> SimpleNamespace:
    """Return a server whose workers were started one after the other."""
    monkeypatch.setattr(gunicorn, "CORES", list(cores))
    server = SimpleNamespace(WORKERS={}, SIG_QUEUE=SimpleQueue(), metrics=None, cfg=SimpleNamespace(workers=number))
    for pid in range(number):
        fork(server, pid)
    return server


def fork(server: SimpleNamespace, pid: int) -> None:
    worker = SimpleNamespace()
    gunicorn.pre_fork(server, worker)
    server.WORKERS[pid] = worker


def cores(server: SimpleNamespace) -> list[int]:
    return sorted(worker.core for worker in server.WORKERS.values())


def test_workers_are_spread_over_the_cores(monkeypatch):
    assert cores(started(5, monkeypatch)) == [0, 0, 0, 1, 1]


@pytest.mark.parametrize("ended", [0, 1])
def test_a_worker_takes_the_core_of_the_one_that_ended(monkeypatch, ended):
    server = started(2, monkeypatch)
    del server.WORKERS[ended]
    fork(server, 7)
    assert cores(server) == [0, 1]


def places(server: SimpleNamespace) -> list[int]:
    return sorted(worker.place for worker in server.WORKERS.values())


def test_a_worker_counts_in_the_place_of_one_that_ended(monkeypatch):
    server = started(3, monkeypatch)
    assert places(server) == [0, 1, 2]
    del server.WORKERS[1]
    fork(server, 7)
    fork(server, 8)
    assert places(server) == [0, 1, 2, 3]


@pytest.mark.parametrize(("workers", "kept"), [(1, []), (2, [{1}]), (4, [{1}])])
def test_a_worker_is_kept_on_its_core_where_there_is_one_for_each(monkeypatch, workers, kept):
    server, done = started(2, monkeypatch), []
    server.cfg.workers = workers
    monkeypatch.setattr(os, "sched_setaffinity", lambda pid, cores: done.append(cores), raising=False)
    gunicorn.post_fork(server, server.WORKERS[1])
    assert done == kept


def test_without_known_cores_the_kernel_decides(monkeypatch):
    server, done = started(1, monkeypatch, cores=()), []
    monkeypatch.setattr(os, "sched_setaffinity", lambda pid, cores: done.append(cores), raising=False)
    gunicorn.post_fork(server, server.WORKERS[0])
    assert done == []


@pytest.mark.parametrize(
    ("waiting", "goes_on"), [([], True), ([signal.SIGCHLD], True), ([signal.SIGCHLD, signal.SIGTERM], False)]
)
def test_a_worker_stops_if_it_was_told_so_while_it_started(monkeypatch, waiting, goes_on):
    monkeypatch.delenv("GUNICORN_PID", raising=False)
    server, worker = started(1, monkeypatch, cores=()), SimpleNamespace(alive=True)
    for each in waiting:
        server.SIG_QUEUE.put(each)
    gunicorn.post_fork(server, worker)
    gunicorn.post_worker_init(worker)
    assert worker.alive == goes_on


def test_a_release_that_was_told_to_stop_while_it_started_does_not_end_the_one_before(monkeypatch):
    monkeypatch.setenv("GUNICORN_PID", str(os.getpid()))
    monkeypatch.setattr(gunicorn, "_is_ready", lambda: pytest.fail("it goes on to start"))
    worker = SimpleNamespace(alive=True, signals=SimpleQueue())
    worker.signals.put(signal.SIGTERM)
    gunicorn.post_worker_init(worker)
