"""Calls refused before authentication: whose key they carry."""

from django.http import HttpRequest, HttpResponse

from partners.api.responses import Refusal
from partners.catalogue.reasons import Reason
from partners.catalogue.routes import Route
from partners.decision import facts
from partners.decision.address import client_address
from partners.decision.policy import AccessRequest
from partners.keys import tokens

BEFORE_AUTHENTICATION = frozenset({Reason.HTTPS_REQUIRED, Reason.ROUTE_NOT_FOUND, Reason.BAD_REQUEST})


def caller(request: HttpRequest, answer: HttpResponse) -> AccessRequest | None:
    """Return the facts of a call that was refused before authentication; None for other answers and without a token.

    It takes one SQL statement, or none without a well-formed token. What the facts say about a route means nothing.
    """
    if not isinstance(answer, Refusal) or answer.reason not in BEFORE_AUTHENTICATION:
        return None
    header = request.META.get("HTTP_AUTHORIZATION", "")
    if tokens.parse(facts.bearer_token(header) or "") is None:
        return None
    return facts.of_call(header, next(iter(Route)), client_address(request))
