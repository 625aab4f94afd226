"""DRF authentication: the checks of the credentials, 1–7."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from partners.api.exceptions import AccessDenied
from partners.api.exchange import Exchange
from partners.catalogue.reasons import Reason, Stage
from partners.decision import facts, guessing
from partners.decision.address import client_address
from partners.decision.policy import first_refusal


class ApiKeyAuthentication(BaseAuthentication):
    """Authenticate by `Authorization: Bearer <api_key>` only. `request.auth` is the exchange, which holds the facts."""

    def authenticate(self, request: Request) -> tuple[str | None, Exchange]:
        """Return the key's id as DRF's user; raise AccessDenied if a check of the credentials fails."""
        view, address = request.parser_context["view"], client_address(request)
        if wait := guessing.seconds_to_wait(address):
            raise AccessDenied(Reason.RATE_LIMITED, wait=wait)
        call = facts.of_call(request.META.get("HTTP_AUTHORIZATION", ""), view.route, address)
        exchange = Exchange.of(request)
        exchange.call = call
        reason = first_refusal(call, stages={Stage.CREDENTIALS})
        if reason is not None:
            guessing.note(address, reason)
            raise AccessDenied(reason)
        return call.key_id, exchange
