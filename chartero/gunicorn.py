"""The configuration of the web processes (`gunicorn -c python:chartero.gunicorn chartero.wsgi`)."""

import gc
import logging.config
import multiprocessing
import os
import resource
import select
import signal
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from typing import Any

from gunicorn import systemd  # type: ignore[import-untyped]
from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from chartero import logs, paths
from chartero.deployment.environment import Environment, exit_if_unreadable
from chartero.metrics import files
from chartero.server import stopping

READY_WITHIN = 15.0  # seconds in which a new release must be ready; gunicorn gives a process 30 to start
# The cores that this machine or container can use, if the system reports them.
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


class ServerLogger(Logger):  # type: ignore[misc]
    """Send gunicorn's own messages to the log of the application.

    The setting `logconfig_dict` would do this too, but gunicorn would then spend 93 µs a call on an access log that is
    off.
    """

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        logging.config.dictConfig(logs.configuration())

    def exception(self, msg: str, *arguments: Any, **options: Any) -> None:
        """Log an error, unless the client was too slow or has disconnected."""
        if isinstance(sys.exc_info()[1], OSError) and msg.startswith("Socket error"):
            self.debug(msg)
        else:
            super().exception(msg, *arguments, **options)


bind = os.environ.get("CHARTERO_BIND", "127.0.0.1:8000")
with exit_if_unreadable():
    serves = Environment().choice("CHARTERO_SERVES", paths.SERVES, default=paths.ALL)
    # A server hashes one password at a time. One process is enough for staff, and leaves the other cores to partners.
    usual = 1 if serves == paths.STAFF else len(CORES) or multiprocessing.cpu_count()
    workers = Environment().number("CHARTERO_WORKERS", default=usual, least=1)
    # One thread runs Python while another waits for the database. More threads only take turns.
    threads = Environment().number("CHARTERO_THREADS", default=2, least=1)
    # Longer than clients and proxies keep an idle connection, so that they close it first and lose no call.
    keepalive = Environment().number("CHARTERO_KEEP_ALIVE", default=75, least=1)
has_metrics = bool(os.environ.get("CHARTERO_METRICS_TOKEN"))
worker_class = f"chartero.server.{'worker.SharedPollWorker' if hasattr(select, 'epoll') else 'pool.PoolWorker'}"
# Each connection needs a file descriptor, and so do files, the database and the listener.
worker_connections = max(8, min(1000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 64))
# The maximum of gunicorn: a long query must get its JSON response from the application.
limit_request_line = 8190
# The parser that our tests use. A faster one that happens to be installed may refuse other requests.
http_parser = "python"
# No header changes the path or the scheme of a request. By default, gunicorn trusts such headers from the same machine.
# Django reads the headers of a proxy, and only with CHARTERO_BEHIND_PROXY.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}
# Load the application once, so that the processes share its memory.
preload_app = True
timeout = 30
graceful_timeout = 10
control_socket_disable = True
logger_class = ServerLogger
# No access log: a request line can contain data that must not be logged.
accesslog = None
logging.captureWarnings(True)
threading.excepthook = logs.log_failed_thread


def on_starting(server: Any) -> None:
    """Make the folder in which the processes count for the metrics."""
    server.metrics = files.Folder() if has_metrics else None


def on_exit(server: Any) -> None:
    """Remove that folder."""
    if server.metrics:
        server.metrics.remove()


def when_ready(server: Any) -> None:
    """Exclude what is loaded from garbage collection, which would copy the shared memory into each process."""
    gc.freeze()
    stopping.close_gently(server)


def pre_exec(server: Any) -> None:
    """Put sockets that systemd opened back where the next release looks for them. gunicorn has moved them."""
    if server.systemd:
        held = [os.dup(listener.fileno()) for listener in server.LISTENERS]
        for place, socket in enumerate(held, start=systemd.SD_LISTEN_FDS_START):
            os.dup2(socket, place)


def pre_fork(server: Any, worker: Any) -> None:
    """Choose a core for a worker, the one with the fewest workers, and its place in the metrics."""
    places = {each.place for each in server.WORKERS.values()}
    worker.place = min(set(range(len(places) + 1)) - places)
    taken = Counter(each.core for each in server.WORKERS.values())
    worker.core = min(CORES, key=lambda core: taken[core], default=None)


def post_fork(server: Any, worker: Any) -> None:
    """Pin each worker to its core if every core has one. Its threads then take turns without waking another core.

    Python runs on one core at a time, so no core is wasted. With fewer workers than cores, the machine may run other
    programs too, and the kernel decides.
    """
    if CORES and server.cfg.workers >= len(CORES):
        os.sched_setaffinity(0, {worker.core})
    worker.signals = server.SIG_QUEUE
    if server.metrics:
        _count(server.metrics, worker)


def _count(folder: files.Folder, worker: Any) -> None:
    """Have a worker count for the metrics."""
    from chartero.metrics.calls import CALLS
    from chartero.metrics.load import Load

    folder.take(worker.place)
    CALLS.metrics.starts.inc()
    if worker_class.endswith("SharedPollWorker"):
        worker.observe = Load().note


def child_exit(server: Any, worker: Any) -> None:
    """Take a process that has ended out of the metrics. What it counted stays."""
    if server.metrics:
        server.metrics.leave(worker.place)


def post_worker_init(worker: Any) -> None:
    """End the release before this one, when the last process of this one is about to serve (SIGUSR2).

    Both releases accept connections from one socket, so none is lost. If this one is not ready, it stops, and the one
    before goes on.
    """
    if stopping.is_told(worker.signals):
        worker.alive = False
    before = os.environ.get("GUNICORN_PID")
    if before is None or not worker.alive:
        return
    if not _is_ready():
        sys.exit(Arbiter.WORKER_BOOT_ERROR)
    if worker.age >= worker.cfg.workers:
        systemd.sd_notify(f"MAINPID={worker.ppid}", worker.log)
        with suppress(ProcessLookupError):
            os.kill(int(before), signal.SIGTERM)


def _is_ready() -> bool:
    """Return True as soon as this process can serve partners, and False if it can't within `READY_WITHIN`."""
    from chartero import health  # Django has its settings by now

    until = time.monotonic() + READY_WITHIN
    while not (ready := health.PROBES["/readyz"]()) and time.monotonic() < until:
        time.sleep(0.2)
    return ready
