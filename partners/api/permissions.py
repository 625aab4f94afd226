"""DRF permission: the checks of what an authenticated key may call, 8–11."""

from typing import TYPE_CHECKING, cast

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from partners.api.exceptions import AccessDenied
from partners.decision.policy import POLICY, AccessRequest, decide

if TYPE_CHECKING:
    from rest_framework.views import APIView


class HasRouteAccess(BasePermission):
    """Allow what the policy allows."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Return True; AccessDenied where the organization, the route or the scopes stand in the way."""
        call = cast(AccessRequest, request.auth)
        reason = decide(POLICY, call)
        if reason is not None:
            raise AccessDenied(reason, scopes=call.route.scopes)
        return True
