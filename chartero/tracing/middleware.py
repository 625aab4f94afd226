"""The middleware that traces calls of the API."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

from chartero import logs
from chartero.deployment import collectors
from chartero.paths import is_external
from partners.formats import traces

logger = logging.getLogger(__name__)


class TracingMiddleware:
    """Trace each call of the API, or as many as the settings say. Django leaves it out if there is no collector."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        # If the package is missing, the system check says so. It runs later.
        if not settings.OTLP_ENDPOINT or not collectors.is_installed():
            raise MiddlewareNotUsed
        from chartero.tracing import beginning, calls, sending

        calls.install()
        self.get_response = get_response
        self._begun = beginning.of_settings()
        self._noting, self._answered = calls.noting, calls.answered
        self._outbox = sending.outbox()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        call = self._begun(request) if is_external(request) else None
        if call is None:
            return self.get_response(request)
        with logs.traced(call.trace_id.hex()), self._noting(call):
            answer = self.get_response(request)
        try:
            self._outbox.add(self._answered(call, request, answer))
        except Exception as fault:  # the answer is more important
            logger.error("a call has no trace", extra={"exception": traces.kind(fault), "where": traces.place(fault)})
        return answer
