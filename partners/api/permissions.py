"""DRF permission: the checks of what an authenticated key may call, 8–11, and then of the limits."""

from typing import TYPE_CHECKING, cast

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from partners.api.exceptions import AccessDenied
from partners.api.exchange import Exchange
from partners.catalogue.reasons import Reason, Stage
from partners.decision import limits
from partners.decision.policy import AccessRequest, first_refusal

if TYPE_CHECKING:
    from rest_framework.views import APIView


class HasRouteAccess(BasePermission):
    """Allow what the policy allows. Authentication has already asked the checks of the credentials."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Return True; raise AccessDenied if the organization, the route, the scopes or a limit block the call."""
        exchange = cast(Exchange, request.auth)
        call = cast(AccessRequest, exchange.call)
        stages = {Stage.ACCESS} if exchange.counted else {Stage.ACCESS, Stage.LIMIT}
        reason = first_refusal(call, stages=stages)
        if reason is not None:
            raise AccessDenied(reason, scopes=call.route.scopes, wait=call.wait)
        if not (call.route.is_open or exchange.counted):
            _count(exchange, call)
        return True


def _count(exchange: Exchange, call: AccessRequest) -> None:
    """Count a call that passes, once, whatever its answer will be. Of simultaneous calls, the last may be too many."""
    if not limits.count(call):
        raise AccessDenied(Reason.RATE_LIMITED, wait=limits.seconds_left())
    exchange.counted = True
