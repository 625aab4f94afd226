"""Pages without a database: how long they wait for one, and the page that says that it failed."""

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers
from django.views import defaults

from chartero.postgresql import sessions
from partners.api.responses import RETRY_AFTER_SECONDS, is_unavailable

STATEMENT_SECONDS = 2.2  # how long a page waits for one statement: a little longer than the server lets one run


class DatabaseMiddleware:
    """Limit how long each statement of a page waits for a silent database, also while a file is being sent."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with sessions.each_within(STATEMENT_SECONDS):
            response = self.get_response(request)
        if response.streaming:
            response.streaming_content = _each(response.streaming_content)  # type: ignore[attr-defined]
        return response


def failed(request: HttpRequest) -> HttpResponse:
    """Answer a page that raised an exception (`handler500`): 503 if the database is at fault, else 500."""
    fault = sys.exc_info()[1]
    if not isinstance(fault, Exception) or not is_unavailable(fault):
        return defaults.server_error(request)
    response = HttpResponse(render_to_string("503.html"), status=503)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    add_never_cache_headers(response)
    return response


def _each(parts: Iterable[Any]) -> Iterator[Any]:
    """Yield the parts of a response, each made with the same limit."""
    rest = iter(parts)
    while True:
        with sessions.each_within(STATEMENT_SECONDS):
            part = next(rest, None)
        if part is None:
            return
        yield part
