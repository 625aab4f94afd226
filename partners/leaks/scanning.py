"""The endpoint for secret scanning in GitHub's partner format. It is off unless a deployment names the public keys."""

import logging

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables

from partners.api.responses import RETRY_AFTER_SECONDS
from partners.decision.address import client_address
from partners.formats import traces
from partners.leaks import alerts, signatures

logger = logging.getLogger(__name__)


@never_cache
@sensitive_variables()
def github(request: HttpRequest) -> HttpResponse:
    """Take a message of secret scanning. The signature is checked before anything is read from it."""
    if not settings.SECRET_SCANNING_KEYS:
        raise Http404("Secret scanning is off.")
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if request.content_type != "application/json":
        return JsonResponse({"message": "Send application/json."}, status=415)
    headers, body = request.headers, request.body
    identifier, signature = (headers.get(f"Github-Public-Key-{name}", "") for name in ("Identifier", "Signature"))
    if not signatures.is_valid(body, identifier, signature):
        return JsonResponse({"message": "The signature is not valid."}, status=403)
    try:
        found = alerts.read(body)
    except alerts.UnreadableMessage:
        return JsonResponse({"message": "The body is not an array of alerts."}, status=400)
    try:
        return JsonResponse(alerts.answer(found, client_address(request)), safe=False)
    except Exception as fault:  # whatever it is: the scanner has to send the message again
        return _failed(fault)


def _failed(fault: Exception) -> HttpResponse:
    facts = {"exception": traces.kind(fault), "where": traces.place(fault)}
    logger.error("a message of secret scanning was not handled", extra=facts)
    response = JsonResponse({"message": "Try again later."}, status=503)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response
