"""The answers to requests that the server could not read (`chartero.server.reading`)."""

import http
import logging

from django.http import HttpRequest, HttpResponse

from chartero.server.reading import STATUS
from partners.api.responses import Refusal
from partners.catalogue.reasons import Reason

logger = logging.getLogger(__name__)


def page(request: HttpRequest) -> HttpResponse | None:
    """Return the answer to a request for a page that could not be read; None for any other request."""
    if STATUS not in request.META:
        return None
    status = _told(request)
    text = f"{status} {http.HTTPStatus(status).phrase}\n"
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Length": str(len(text))}
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8", headers=headers)


def refusal(request: HttpRequest) -> Refusal | None:
    """Return the answer to a call of the API that could not be read; None for any other call.

    Whatever is wrong with it, the contract has one code for it, which has one status; but one that came too slowly may
    be sent again, and 408 says so (RFC 9110, 15.5.9).
    """
    if STATUS not in request.META:
        return None
    status = _told(request)
    refused = Refusal(Reason.INTERNAL_ERROR if status == 500 else Reason.BAD_REQUEST)
    if status == 408:
        refused.status_code = status
    return refused


def _told(request: HttpRequest) -> int:
    """Return with which status the server refused, and log it: one line, and nothing of the request in it.

    A client that was too slow, or has gone, is nothing to look after.
    """
    status: int = request.META[STATUS]
    if status != 408:
        logger.warning("Invalid request", extra={"status": status})
    return status
