"""The admin site: its name, its navigation, and what every page shows."""

from dataclasses import dataclass
from typing import Any, cast

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse

from partners.models import ApiKeySwitch
from partners.models.change import Action
from partners.signin import trail
from partners.signin.forms import SignInForm
from partners.signin.guards import second_factor
from partners.signin.own_password import OwnPasswordView


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the navigation, for staff with the permission."""

    title: str
    view: str
    permission: str | None = None


# In the order of the work: attention, partners, keys, diagnosis, administration.
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
    """Django's admin with our own navigation, and the global switch on every page."""

    site_header = "Partner access"
    site_title = "Partner access"
    index_title = "Home"
    site_url = None
    enable_nav_sidebar = False

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Add the pages that don't belong to a model, before those that do."""
        from partners.admin import disclosures, switch
        from partners.admin.diagnosis import page
        from partners.signin.views import sign_out

        return [
            *page.urls(),
            path("disclosures/", disclosures.disclosures, name="disclosures"),
            path("switch/", switch.show, name="switch"),
            path("switch/turn/", switch.turn, name="switch_turn"),
            path("logout/", sign_out, name="logout"),  # also for users who have not entered their second factor
            *super().get_urls(),
        ]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show what needs attention, instead of a list of models."""
        from partners.admin.home import home

        return home(request)

    login_form = SignInForm

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Record a sign-in."""
        response = super().login(request, {"title": "Sign in"} | (extra_context or {}))
        if request.method == "POST" and isinstance(response, HttpResponseRedirect):
            trail.note(Action.SIGNED_IN, request, second_factor="asked for" if settings.SECOND_FACTOR else "off")
        return response

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Check the old password in the same way as a sign-in."""
        view = OwnPasswordView.as_view(extra_context=self.each_context(request) | (extra_context or {}))
        return cast(TemplateResponse, view(request))

    def has_permission(self, request: HttpRequest) -> bool:
        """Admit staff who have entered their second factor. The middleware asks for it earlier."""
        return super().has_permission(request) and second_factor.is_satisfied(request)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add the navigation, the environment and the global switch."""
        context = super().each_context(request)
        if not context["has_permission"]:
            return context
        return context | {
            "places": [_shown(place, request) for place in PLACES if _allowed(place, request)],
            "environment": settings.ENVIRONMENT,
            "api_keys_on": ApiKeySwitch.is_on(),
        }


def _allowed(place: Place, request: HttpRequest) -> bool:
    return place.permission is None or request.user.has_perm(place.permission)


def _shown(place: Place, request: HttpRequest) -> dict[str, Any]:
    url = reverse(place.view)
    here = request.path == url or (place.view != "admin:index" and request.path.startswith(url))
    return {"title": place.title, "url": url, "here": here}
