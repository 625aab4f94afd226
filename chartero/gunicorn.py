"""How the web processes run (`gunicorn -c python:chartero.gunicorn chartero.wsgi`)."""

import multiprocessing
import os

bind = os.environ.get("CHARTERO_BIND", "127.0.0.1:8000")
workers = int(os.environ.get("CHARTERO_WORKERS", multiprocessing.cpu_count()))
worker_class = "gthread"
threads = int(os.environ.get("CHARTERO_THREADS", "4"))
# The longest line that gunicorn reads: a long query must get its JSON answer from the application.
limit_request_line = 8190
timeout = 30
graceful_timeout = 10
control_socket_disable = True
# No access log: a request line may hold what does not belong into a log.
accesslog = None
