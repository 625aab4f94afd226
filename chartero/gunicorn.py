"""How the web processes run (`gunicorn -c python:chartero.gunicorn chartero.wsgi`)."""

import gc
import logging.config
import multiprocessing
import os
import resource
import select
import sys
import threading
from collections import Counter
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from chartero import logs
from chartero.deployment.environment import Environment, exit_if_unreadable

# The cores that this machine or container may use, where the system tells them.
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


class ServerLogger(Logger):  # type: ignore[misc]
    """gunicorn's own messages in the log of the application.

    The setting `logconfig_dict` would do that too, and make gunicorn gather 93 µs of facts for each line of an access
    log that is off.
    """

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        logging.config.dictConfig(logs.configuration())

    def exception(self, msg: str, *arguments: Any, **options: Any) -> None:
        """Log a fault; that a client was too slow, or has gone, is none."""
        if isinstance(sys.exc_info()[1], OSError) and msg.startswith("Socket error"):
            self.debug(msg)
        else:
            super().exception(msg, *arguments, **options)


bind = os.environ.get("CHARTERO_BIND", "127.0.0.1:8000")
with exit_if_unreadable():
    workers = Environment().number("CHARTERO_WORKERS", default=len(CORES) or multiprocessing.cpu_count(), least=1)
    # One thread runs Python while another waits for the database; more of them spend their time on taking turns.
    threads = Environment().number("CHARTERO_THREADS", default=2, least=1)
    # Longer than clients and proxies keep an idle connection, so that they close it and never lose a call on it.
    keepalive = Environment().number("CHARTERO_KEEP_ALIVE", default=75, least=1)
worker_class = f"chartero.server.{'worker.SharedPollWorker' if hasattr(select, 'epoll') else 'pool.PoolWorker'}"
# Each connection takes a descriptor; files, the database and the listener need some as well.
worker_connections = max(8, min(1000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 64))
# The longest line that gunicorn reads: a long query must get its JSON answer from the application.
limit_request_line = 8190
# As it is tested: a faster parser that happens to be installed may refuse other requests.
http_parser = "python"
# No header changes what the server takes for the path or the scheme, whoever sends it: gunicorn would believe those of
# the same machine. What a proxy says of a call, Django reads, and only with CHARTERO_BEHIND_PROXY.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}
# The application is loaded once, and the processes share its memory.
preload_app = True
timeout = 30
graceful_timeout = 10
control_socket_disable = True
logger_class = ServerLogger
# No access log: a request line may hold what does not belong into a log.
accesslog = None
logging.captureWarnings(True)
threading.excepthook = logs.log_failed_thread


def when_ready(server: Any) -> None:
    """Leave what is loaded out of garbage collection, which would write to it and so copy it for each process."""
    gc.freeze()


def pre_fork(server: Any, worker: Any) -> None:
    """Choose a core for a worker, one that the fewest others have."""
    taken = Counter(each.core for each in server.WORKERS.values())
    worker.core = min(CORES, key=lambda core: taken[core], default=None)


def post_fork(server: Any, worker: Any) -> None:
    """Keep a worker on its core, where there is a worker for each: its threads then take turns without waking another.

    Python runs on one core at a time whatever the number of threads, so that none is lost. With fewer workers than
    cores the machine may be others' as well, and the kernel decides.
    """
    if CORES and server.cfg.workers >= len(CORES):
        os.sched_setaffinity(0, {worker.core})
