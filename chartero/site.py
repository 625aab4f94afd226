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
from partners.signin.own.password import OwnPasswordView


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """One entry of the navigation, for staff with the permission. `group`: the menu that it is in, if in any.

    `setting`: shown only where this setting is on. `elsewhere`: where more of its pages are, from the home page on.
    """

    title: str
    view: str
    permission: str | None = None
    group: str = ""
    setting: str = ""
    elsewhere: str = ""

    def is_here(self, path: str) -> bool:
        """Return True if a page is the one of this entry, or below it."""
        url, home = reverse(self.view), reverse("admin:index")
        if url == home:
            return path == home
        return path.startswith(url) or bool(self.elsewhere and path.startswith(f"{home}{self.elsewhere}"))


LOOK_UP, ADMINISTER = "Look up", "Administer"
NAVIGATION = (
    NavigationEntry("Home", "admin:index"),
    NavigationEntry(
        "Organizations",
        "admin:partners_organization_changelist",
        "partners.view_organization",
        elsewhere="webhooks/",
    ),
    NavigationEntry("API keys", "admin:partners_apikey_changelist", "partners.view_apikey"),
    NavigationEntry("Why does this call fail?", "admin:diagnosis", "partners.view_apikey"),
    NavigationEntry("Requests", "admin:partners_requestrecord_changelist", "partners.view_requestrecord", LOOK_UP),
    NavigationEntry("Changes", "admin:partners_changeevent_changelist", "partners.view_changeevent", LOOK_UP),
    NavigationEntry("Leaks", "admin:leaks", "partners.view_apikey", LOOK_UP),
    NavigationEntry("Approvals", "admin:approvals", "partners.view_apikey", LOOK_UP, "FOUR_EYES"),
    NavigationEntry("Disclosures", "admin:disclosures", "partners.account_disclosures", LOOK_UP),
    NavigationEntry("Staff activity", "admin:staff_activity", "partners.view_changeevent", LOOK_UP),
    NavigationEntry("Record integrity", "admin:record_integrity", "partners.view_changeevent", LOOK_UP),
    NavigationEntry("Encounters", "admin:encounters_encounter_changelist", "encounters.view_encounter", LOOK_UP),
    NavigationEntry("Restrictions", "admin:encounters_restriction_changelist", "encounters.view_restriction", LOOK_UP),
    NavigationEntry("Reason codes", "admin:reasons", "partners.view_apikey", LOOK_UP),
    NavigationEntry(
        "Access requests",
        "admin:access_requests",
        "partners.decide_onboardingrequest",
        ADMINISTER,
        "ACCESS_REQUESTS",
    ),
    NavigationEntry("Access reviews", "admin:access_reviews", "partners.sign_accessreview", ADMINISTER),
    NavigationEntry("Global switch", "admin:switch", "partners.view_apikeyswitch", ADMINISTER),
    NavigationEntry("Users", "admin:auth_user_changelist", "auth.view_user", ADMINISTER),
    NavigationEntry("Roles", "admin:auth_group_changelist", "auth.view_group", ADMINISTER),
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
        # Imported late: their decorators need this site.
        from chartero.search import views as search
        from partners.admin import disclosures, integrity, switch
        from partners.admin.approvals import pages as approvals
        from partners.admin.diagnosis import page
        from partners.admin.leaks import page as leaks
        from partners.admin.onboarding import pages as onboarding
        from partners.admin.staff import activity, reviews
        from partners.admin.webhooks import addresses as webhooks
        from partners.signin.views import sign_out

        return [
            *page.urls(),
            *search.urls(),
            *leaks.urls(),
            *onboarding.urls(),
            *approvals.urls(),
            *webhooks.urls(),
            *reviews.urls(),
            *integrity.urls(),
            path("disclosures/", disclosures.disclosures, name="disclosures"),
            path("staff-activity/", activity.show, name="staff_activity"),
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
            "navigation": _navigation(request),
            "environment": settings.ENVIRONMENT,
            "api_keys_on": ApiKeySwitch.is_on(),
        }


def _navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups of entries that the person may open: those of the daily work first, which have no menu."""
    groups = []
    for title in ("", LOOK_UP, ADMINISTER):
        entries = [_shown(entry, request) for entry in NAVIGATION if entry.group == title and _allowed(entry, request)]
        groups.append({"title": title, "entries": entries, "here": any(entry["here"] for entry in entries)})
    return [group for group in groups if group["entries"]]


def _allowed(entry: NavigationEntry, request: HttpRequest) -> bool:
    if entry.setting and not getattr(settings, entry.setting):
        return False
    return entry.permission is None or request.user.has_perm(entry.permission)


def _shown(entry: NavigationEntry, request: HttpRequest) -> dict[str, Any]:
    return {"title": entry.title, "url": reverse(entry.view), "here": entry.is_here(request.path)}
