"""The review of organizations, one line for each: allowlist, routes, active keys, last use, contact, purpose, owner."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, QuerySet

from partners.catalogue.routes import Route
from partners.formats.moments import rfc3339
from partners.models import ApiKey, KeyState, Organization, RouteGrant

CHUNK = 500
COLUMNS = (
    "organization",
    "organization_id",
    "allowlisted",
    "routes",
    "active_keys",
    "calls_per_minute",
    "last_used_at",
    "contact_name",
    "contact_email",
    "purpose",
    "created_at",
    "owner",
    "tags",
    "note",
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a list says of an organization. The last use is that of any of its keys."""

    organization: Organization
    routes: list[str]
    active_keys: int
    last_used_at: datetime | None


def facts_of(organizations: list[Organization]) -> list[Facts]:
    """Return the facts of each organization, read with three statements for all."""
    granted: dict[int, set[str]] = {each.pk: set() for each in organizations}
    for owner, route in RouteGrant.objects.filter(organization__in=organizations).values_list("organization", "route"):
        granted[owner].add(route)
    active = _per_organization(ApiKey.objects.in_state(KeyState.ACTIVE), organizations, Count("pk"))
    used = _per_organization(ApiKey.objects.all(), organizations, Max("last_used_at"))
    return [
        Facts(each, _ordered(granted[each.pk]), active.get(each.pk, 0), used.get(each.pk)) for each in organizations
    ]


def lines_of(organizations: QuerySet[Organization]) -> Iterator[dict[str, Any]]:
    """Yield the facts of each organization, in the order of the query."""
    every = list(organizations)
    for at in range(0, len(every), CHUNK):
        yield from map(_line, facts_of(every[at : at + CHUNK]))


def _ordered(granted: set[str]) -> list[str]:
    return [route.route_name for route in Route if route.route_name in granted]


def _per_organization(keys: QuerySet[ApiKey], organizations: list[Organization], of: Count | Max) -> dict[int, Any]:
    grouped = keys.filter(organization__in=organizations).order_by().values_list("organization")
    return dict(grouped.annotate(fact=of))


def _line(facts: Facts) -> dict[str, Any]:
    organization = facts.organization
    return {
        "organization": organization.name,
        "organization_id": organization.public_id,
        "allowlisted": organization.allowlisted,
        "routes": facts.routes,
        "active_keys": facts.active_keys,
        "calls_per_minute": organization.calls_per_minute,
        "last_used_at": rfc3339(facts.last_used_at),
        "contact_name": organization.contact_name,
        "contact_email": organization.contact_email,
        "purpose": organization.purpose,
        "created_at": rfc3339(organization.created_at),
        "owner": organization.owner,
        "tags": organization.tags,
        "note": organization.note,
    }
