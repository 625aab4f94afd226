"""The link to the page where a refusal is fixed: the form with the right values, for people who may use it."""

from typing import Any, NamedTuple

from django import template
from django.contrib.auth.models import AnonymousUser, User
from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode

from partners.catalogue.remedy import FixPlace
from partners.catalogue.routes import Route
from partners.diagnosis.forecasting import Forecast
from partners.models import ApiKey, Organization

register = template.Library()
Staff = User | AnonymousUser
OF_ORGANIZATION = (FixPlace.ORGANIZATION, FixPlace.ALLOWLIST, FixPlace.ROUTE)
OF_KEY = (FixPlace.KEY, FixPlace.ENABLE, FixPlace.SCOPES, FixPlace.NETWORKS, FixPlace.REPLACEMENT)


class Link(NamedTuple):
    """A label, and a URL. The URL is "" for a place without a page, and for a page that the person may not open."""

    label: str
    url: str


def link_to(
    place: FixPlace,
    staff: Staff,
    key: ApiKey | None = None,
    organization: Organization | None = None,
    route: Route | None = None,
) -> Link:
    """Return the link to where calls on this route, with this key or of this organization, are fixed."""
    if place is FixPlace.REPLACEMENT and (successor := getattr(key, "replaced_by", None)):
        return link_to(FixPlace.KEY, staff, successor)._replace(label="The key's successor")
    row = key if place in OF_KEY else organization or (key and key.organization) if place in OF_ORGANIZATION else None
    url = _url(place, row) if place.view and staff.has_perm(place.permission) else ""
    if url:
        return Link(place.label, url + _suggestion(place, route))
    return link_to(FixPlace[place.otherwise], staff, key, organization) if place.otherwise else Link(place.label, "")


@register.simple_tag(takes_context=True)
def fix_link(
    context: Any,
    place: FixPlace,
    key: ApiKey | None = None,
    organization: Organization | None = None,
    route: Route | str | None = None,
) -> Link:
    """Return the link to where this is fixed, for the person who looks at this page. `route` may be its name."""
    named = route if isinstance(route, Route) else Route.named(route) if route else None
    return link_to(place, context["request"].user, key or None, organization or None, named)


@register.filter
def chosen(forecasts: list[Forecast]) -> list[Forecast]:
    """Return the forecasts of the routes that staff chose, whether a call passes or not."""
    return [each for each in forecasts if not each.left_out]


@register.filter
def left_out(forecasts: list[Forecast]) -> list[Forecast]:
    """Return the forecasts of the routes that staff didn't choose."""
    return [each for each in forecasts if each.left_out]


def _url(place: FixPlace, row: ApiKey | Organization | None) -> str:
    if place is FixPlace.REPLACEMENT:
        return f"{reverse(place.view)}?{urlencode({'replacement_for': row.pk})}" if row else ""
    try:
        return reverse(place.view, args=[row.pk] if row else [])
    except NoReverseMatch:
        return ""


def _suggestion(place: FixPlace, route: Route | None) -> str:
    """Return the query that fills in the form."""
    if place is FixPlace.ALLOWLIST:
        return "?allowlist=1"
    if place is FixPlace.ROUTE and route:
        return "?" + urlencode({"route": route.route_name})
    if place is FixPlace.SCOPES and route:
        return "?" + urlencode({"scope": [scope.value for scope in route.scopes]}, doseq=True)
    return ""
