"""gunicorn's own threaded worker, with our answers to what it cannot read: for systems without epoll."""

import ssl
from typing import Any

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from chartero.server import reading


class PoolWorker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threaded worker; where a request cannot be read, or not be answered, the application says so."""

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Answer in place of a request; what is a fault of ours is logged."""
        if isinstance(exc, ssl.SSLError):  # there is nobody to answer over it
            self.log.warning("Invalid request")
            return
        if not reading.is_refused(req, exc):
            self.log.exception("Error handling request")
        try:
            reading.answer(self.wsgi, client, addr, req, exc)
        except Exception:
            self.log.exception("Error handling request")
