"""How the web processes run (`gunicorn -c python:chartero.gunicorn chartero.wsgi`)."""

import logging.config
import multiprocessing
import os
import threading
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from chartero import logs


class ServerLogger(Logger):  # type: ignore[misc]
    """gunicorn's own messages in the log of the application.

    The setting `logconfig_dict` would do that too, and make gunicorn gather 93 µs of facts for each line of an access
    log that is off.
    """

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        logging.config.dictConfig(logs.configuration())


bind = os.environ.get("CHARTERO_BIND", "127.0.0.1:8000")
workers = int(os.environ.get("CHARTERO_WORKERS", multiprocessing.cpu_count()))
worker_class = "gthread"
threads = int(os.environ.get("CHARTERO_THREADS", "4"))
# The longest line that gunicorn reads: a long query must get its JSON answer from the application.
limit_request_line = 8190
timeout = 30
graceful_timeout = 10
control_socket_disable = True
logger_class = ServerLogger
# No access log: a request line may hold what does not belong into a log.
accesslog = None
logging.captureWarnings(True)
threading.excepthook = logs.log_failed_thread
