"""Show a route, and what an organization lacks, on the staff's pages."""

import re
from typing import Any

from django import template

from partners.catalogue.routes import Route

register = template.Library()

PREFIX = "/external/v1/"


@register.filter
def address(route: Route) -> str:
    """Return a route's path as in the documentation: `/external/v1/encounters/{encounter_id}`."""
    return PREFIX + re.sub(r"<str:([a-z_]+)>", r"{\1}", route.path)


@register.filter
def lacks(organization: Any) -> str:
    """Return what is missing before one of `attention.nothing_enabled()` can call anything."""
    has = {
        "not allowlisted": organization.allowlisted,
        "no route enabled": organization.has_route,
        "no active key": organization.has_active_key,
    }
    return ", ".join(words for words, there in has.items() if not there).capitalize()
