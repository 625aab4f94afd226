"""The admin site of partner access: its name, its navigation, and what every page shows."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse

from partners.models import ApiKeySwitch
from partners.signin import second_factor
from partners.signin.forms import SignInForm


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
    Place("Requests", "admin:partners_requestrecord_changelist", "partners.view_requestrecord"),
    Place("Why does this call fail?", "admin:diagnosis", "partners.view_apikey"),
    Place("Reason codes", "admin:reasons", "partners.view_apikey"),
    Place("Changes", "admin:partners_changeevent_changelist", "partners.view_changeevent"),
    Place("Disclosures", "admin:disclosures", "partners.account_disclosures"),
    Place("Global switch", "admin:switch", "partners.view_apikeyswitch"),
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

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Put the pages that belong to no table before those of the tables."""
        from partners.admin import diagnosing, disclosures, switching

        return [
            *diagnosing.urls(),
            path("disclosures/", disclosures.disclosures, name="disclosures"),
            path("switch/", switching.show, name="switch"),
            path("switch/turn/", switching.turn, name="switch_turn"),
            *super().get_urls(),
        ]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show what needs attention, in place of a list of tables."""
        from partners.admin.home import home

        return home(request)

    login_form = SignInForm

    def has_permission(self, request: HttpRequest) -> bool:
        """Admit staff who have proved their second factor; the middleware asks for it before."""
        return super().has_permission(request) and second_factor.is_satisfied(request)

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
