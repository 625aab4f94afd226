"""The admin site of partner access: its name, its navigation, and what every page shows."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from partners.models import ApiKeySwitch


@dataclass(frozen=True, slots=True)
class Place:
    """One place of the navigation, for whoever has the permission."""

    title: str
    view: str
    permission: str | None = None


# The order of the work: attention, partners, keys, diagnosis; administration last.
PLACES = (
    Place("Home", "admin:index"),
    Place("Organizations", "admin:partners_organization_changelist", "partners.view_organization"),
    Place("API keys", "admin:partners_apikey_changelist", "partners.view_apikey"),
    Place("Changes", "admin:partners_changeevent_changelist", "partners.view_changeevent"),
    Place("Encounters", "admin:encounters_encounter_changelist", "encounters.view_encounter"),
    Place("Users", "admin:auth_user_changelist", "auth.view_user"),
    Place("Groups", "admin:auth_group_changelist", "auth.view_group"),
)


class PartnerSite(admin.AdminSite):
    """Django's admin with its own navigation, and the state of the global switch on every page."""

    site_header = "Partner access"
    site_title = "Partner access"
    index_title = "Home"
    site_url = None
    enable_nav_sidebar = False

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add the navigation, the environment and the global switch."""
        context = super().each_context(request)
        if not context["has_permission"]:
            return context
        return context | {
            "places": [_shown(place, request) for place in PLACES if _allowed(place, request)],
            "environment": settings.ENVIRONMENT,
            "api_keys_on": ApiKeySwitch.objects.filter(id=1, enabled=True).exists(),
        }


def _allowed(place: Place, request: HttpRequest) -> bool:
    return place.permission is None or request.user.has_perm(place.permission)


def _shown(place: Place, request: HttpRequest) -> dict[str, Any]:
    url = reverse(place.view)
    here = request.path == url or (place.view != "admin:index" and request.path.startswith(url))
    return {"title": place.title, "url": url, "here": here}
