"""Which organizations and keys have access now, for a review."""

from typing import Any

from django.db.models import Prefetch, Q
from django.utils import timezone

from partners.formats.moments import rfc3339
from partners.models import ApiKey, Organization, RouteGrant

Facts = dict[str, Any]


def of_partners() -> list[Facts]:
    """Return each organization with an enabled route or a key that is neither revoked nor expired, by name."""
    keys = ApiKey.objects.filter(revoked_at=None).exclude(expires_at__lte=timezone.now())
    with_access = Q(pk__in=RouteGrant.objects.values("organization")) | Q(pk__in=keys.values("organization"))
    organizations = Organization.objects.filter(with_access).order_by("name_key")
    of_each = Prefetch("api_keys", keys.prefetch_related("scopes").order_by("label_key", "pk"), "in_force")
    return [_of_organization(organization) for organization in organizations.prefetch_related("route_grants", of_each)]


def _of_organization(organization: Any) -> Facts:
    return {
        "organization_id": organization.public_id,
        "name": organization.name,
        "allowlisted": organization.allowlisted,
        "routes": sorted(grant.route for grant in organization.route_grants.all()),
        "owner": organization.owner,
        "keys": [_of_key(key) for key in organization.in_force],
    }


def _of_key(key: ApiKey) -> Facts:
    return {
        "key_id": key.public_id,
        "public_part": key.quotable,
        "label": key.label,
        "state": key.state.value,
        "scopes": sorted(scope.name for scope in key.scopes.all()),
        "owner": key.owner,
        "expires_at": rfc3339(key.expires_at),
        "last_used_at": rfc3339(key.last_used_at),
    }
