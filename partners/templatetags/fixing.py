"""The link to the page where a refusal is fixed."""

from typing import Any

from django import template
from django.contrib.auth.models import AnonymousUser, User
from django.urls import NoReverseMatch, reverse

from partners.catalogue.remedy import FixPlace
from partners.models import ApiKey, Organization

register = template.Library()
Staff = User | AnonymousUser


def url_of(place: FixPlace, staff: Staff, key: ApiKey | None = None, organization: Organization | None = None) -> str:
    """Return the URL of the page where calls with this key, or of this organization, are fixed.

    It is "" for a place without a page, and for a page that this person may not open.
    """
    if not place.view or not staff.has_perm(place.permission):
        return ""
    rows = {FixPlace.KEY: key, FixPlace.ORGANIZATION: organization or (key and key.organization)}
    row = rows.get(place)
    try:
        return reverse(place.view, args=[row.pk] if row else [])
    except NoReverseMatch:
        return ""


@register.simple_tag(takes_context=True)
def fix_url(context: Any, place: FixPlace, key: ApiKey | None = None, organization: Organization | None = None) -> str:
    """Return the URL of the page where this is fixed, for the person who looks at this page."""
    return url_of(place, context["request"].user, key or None, organization or None)
