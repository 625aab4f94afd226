"""Requests for the other kind of process, where staff pages and the API run apart (`CHARTERO_SERVES`)."""

import logging
import threading
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.template.loader import render_to_string

from chartero.paths import is_served
from partners.api.responses import Refusal
from partners.catalogue.reasons import Reason

TOLD_AGAIN = 60.0  # seconds between two log lines

logger = logging.getLogger(__name__)


class Told:
    """Whether the log has a line about this already: one a minute is enough, however many calls come."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._again = 0.0

    def log(self) -> None:
        """Log that a call came to the wrong process, unless the log has just said so."""
        with self._lock:
            is_due = time.monotonic() >= self._again
            if is_due:
                self._again = time.monotonic() + TOLD_AGAIN
        if is_due:
            logger.error("a call reached a process that serves staff only: the proxy must send it to the others")


TOLD = Told()


def refusal(request: HttpRequest) -> Refusal | None:
    """Return the response to a call of the API if this process serves staff only, or None.

    The fault is ours and the call is right, so the client is asked to try again. No key is read.
    """
    if is_served(request, settings.SERVES):
        return None
    TOLD.log()
    return Refusal(Reason.SERVICE_UNAVAILABLE)


class ServedMiddleware:
    """Respond to a page of the other processes as to one that doesn't exist."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_served(request, settings.SERVES):
            return self.get_response(request)
        return HttpResponseNotFound(render_to_string("404_elsewhere.html"))
