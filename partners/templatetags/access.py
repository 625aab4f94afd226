"""How the staff's pages write a route, and what an organization lacks."""

import re
from typing import Any

from django import template

from partners.catalogue.routes import Route

register = template.Library()

PREFIX = "/external/v1/"


@register.filter
def address(route: Route) -> str:
    """Return a route's path as the documents write it: `/external/v1/encounters/{encounter_id}`."""
    return PREFIX + re.sub(r"<str:([a-z_]+)>", r"{\1}", route.path)


@register.filter
def lacks(organization: Any) -> str:
    """Say what keeps one of `attention.nothing_enabled()` from calling anything."""
    has = {
        "not allowlisted": organization.allowlisted,
        "no route enabled": organization.has_route,
        "no active key": organization.has_active_key,
    }
    return ", ".join(words for words, there in has.items() if not there).capitalize()
