"""DRF permission: the checks of what an authenticated key may call, 8–11."""

from typing import TYPE_CHECKING, cast

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from partners.api.exceptions import AccessDenied
from partners.api.exchange import Exchange
from partners.catalogue.reasons import Stage
from partners.decision.policy import AccessRequest, first_refusal

if TYPE_CHECKING:
    from rest_framework.views import APIView


class HasRouteAccess(BasePermission):
    """Allow what the policy allows. Authentication has already asked the checks of the credentials."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Return True; raise AccessDenied if the organization, the route or the scopes block the call."""
        call = cast(AccessRequest, cast(Exchange, request.auth).call)
        reason = first_refusal(call, skip=Stage.CREDENTIALS)
        if reason is not None:
            raise AccessDenied(reason, scopes=call.route.scopes)
        return True
