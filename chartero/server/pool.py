"""gunicorn's own threaded worker, with our responses to requests that it can't read. For systems without epoll."""

import ssl
from collections.abc import Callable
from typing import Any

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from chartero.server import reading


class PoolWorker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threaded worker, but the application responds to requests that can't be read or answered.

    `observe`: called each second with the worker, for the metrics.
    """

    observe: Callable[[Any], None] = staticmethod(lambda worker: None)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Respond to a failed request. Log the error if it is ours."""
        if isinstance(exc, ssl.SSLError):  # there is no connection for a response
            self.log.warning("Invalid request")
            return
        if not reading.is_refused(req, exc):
            self.log.exception("Error handling request")
        try:
            reading.answer(self.wsgi, client, addr, req, exc)
        except Exception:
            self.log.exception("Error handling request")
