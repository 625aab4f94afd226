"""Three permissions, each asked at each request: the key, its scopes, the route."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework_api_key.permissions import BaseHasAPIKey, KeyParser

from benchmarks.compare.textbook.models import PartnerKey, RouteGrant

ROUTES = {"list": "encounters.list", "retrieve": "encounters.detail"}


class BearerKeyParser(KeyParser):
    """Reads the key from `Authorization: Bearer`."""

    keyword = "Bearer"


class HasPartnerKey(BaseHasAPIKey):
    """Allow a valid key of an allowlisted organization, and let the request know it: it is looked up once."""

    model = PartnerKey
    key_parser = BearerKeyParser()

    def has_permission(self, request: Request, view: Any) -> bool:
        try:
            request.partner_key = PartnerKey.objects.get_from_key(self.get_key(request) or "")
        except PartnerKey.DoesNotExist:
            return False
        return not request.partner_key.has_expired and request.partner_key.organization.allowlisted


class HasScopes(BasePermission):
    """Allow a key that holds every scope of the view."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return set(view.required_scopes) <= set(request.partner_key.scopes.values_list("name", flat=True))


class HasRouteGrant(BasePermission):
    """Allow a route that is enabled for the key's organization."""

    def has_permission(self, request: Request, view: Any) -> bool:
        asked = {"organization": request.partner_key.organization_id, "route": ROUTES[view.action]}
        return RouteGrant.objects.filter(**asked).exists()
