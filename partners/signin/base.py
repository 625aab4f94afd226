"""What the sign-in pages share: the frame of the staff's pages, and the way back to where a person was."""

from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme

from partners.decision.address import client_address
from partners.models.change import Change
from partners.signin.guards import second_factor

RETRY_AFTER_SECONDS = 2
NO_NAVIGATION = {"has_permission": False, "is_nav_sidebar_enabled": False, "available_apps": [], "navigation": []}


def person(request: HttpRequest) -> User:
    """Return the signed-in user, on a page that requires one."""
    return cast(User, request.user)


def change_by(request: HttpRequest, *, reason: str = "", ticket: str = "") -> Change:
    """Return the change that records who does something on a page, from where and why."""
    return Change(by=person(request).get_username(), source=client_address(request), reason=reason, ticket=ticket)


def page(request: HttpRequest, template: str, title: str, *, status: int = 200, **context: Any) -> HttpResponse:
    """Return a page that no cache keeps, with navigation only after the sign-in is complete."""
    frame = admin.site.each_context(request)
    if not second_factor.is_satisfied(request):
        frame |= NO_NAVIGATION
    response = render(request, template, frame | {"title": title, "next": way_back(request)} | context, status=status)
    add_never_cache_headers(response)
    return response


def busy(request: HttpRequest) -> HttpResponse:
    """Return the page for a form whose password could not be checked yet. It asks no database."""
    response = HttpResponse(render_to_string("503.html", {"busy": True}), status=503)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    add_never_cache_headers(response)
    return response


def way_back(request: HttpRequest) -> str:
    """Return the page that a person came from if it is on this site, else the home page."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if ours else reverse("admin:index")


def onward(name: str, *, then: str) -> HttpResponseRedirect:
    """Redirect to a sign-in page, which leads on to `then`."""
    return HttpResponseRedirect(f"{reverse(name)}?{urlencode({'next': then})}")


def here(request: HttpRequest) -> str:
    """Return where to go after sign-in: this page, or the home page if a form was sent."""
    return request.get_full_path() if request.method in ("GET", "HEAD") else reverse("admin:index")
