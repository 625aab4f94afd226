"""The responses to requests that the server couldn't read (`chartero.server.reading`)."""

import http
import logging

from django.http import HttpRequest, HttpResponse

from chartero.server.reading import STATUS
from partners.api.responses import Refusal
from partners.catalogue.reasons import Reason

logger = logging.getLogger(__name__)


def page(request: HttpRequest) -> HttpResponse | None:
    """Return the response to an unreadable request for a page, or None for any other request."""
    if STATUS not in request.META:
        return None
    status = _told(request)
    text = f"{status} {http.HTTPStatus(status).phrase}\n"
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Length": str(len(text))}
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8", headers=headers)


def refusal(request: HttpRequest) -> Refusal | None:
    """Return the response to an unreadable call of the API, or None for any other call.

    The contract has one code with one status for all such calls. But a call that arrived too slowly can be sent again,
    and its status 408 says so (RFC 9110, 15.5.9).
    """
    if STATUS not in request.META:
        return None
    status = _told(request)
    refused = Refusal(Reason.INTERNAL_ERROR if status == 500 else Reason.BAD_REQUEST)
    if status == 408:
        refused.status_code = status
    return refused


def _told(request: HttpRequest) -> int:
    """Return the status of the refusal, and log it in one line without any data of the request.

    Don't log a client that was too slow or has disconnected.
    """
    status: int = request.META[STATUS]
    if status != 408:
        logger.warning("Invalid request", extra={"status": status})
    return status
