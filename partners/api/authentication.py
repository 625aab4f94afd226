"""DRF authentication: the checks of the credentials, 1–7."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from partners.api.exceptions import AccessDenied
from partners.api.exchange import Exchange
from partners.catalogue.reasons import Stage
from partners.decision import facts
from partners.decision.address import client_address
from partners.decision.policy import POLICY, AccessRequest, decide


class ApiKeyAuthentication(BaseAuthentication):
    """Authenticate by `Authorization: Bearer <api_key>` and nothing else; `request.auth` holds the facts."""

    def authenticate(self, request: Request) -> tuple[str | None, AccessRequest]:
        """Return the key's id and the facts of the call; AccessDenied where the credentials fail."""
        view = request.parser_context["view"]
        call = facts.of_call(request.META.get("HTTP_AUTHORIZATION", ""), view.route, client_address(request))
        Exchange.of(request).call = call
        reason = decide(POLICY, call)
        if reason is not None and reason.stage is Stage.CREDENTIALS:
            raise AccessDenied(reason)
        return call.key_id, call
