"""Show a reason code on the staff's pages, with a link to the page that explains it."""

from typing import Any

from django import template

from partners.catalogue.reasons import Reason

register = template.Library()


@register.inclusion_tag("partners/_reason.html")
def reason(code: Reason | str) -> dict[str, Any]:
    """Show a reason code, with a link if the catalogue has it."""
    text = code.code if isinstance(code, Reason) else code
    return {"code": text, "known": any(each.code == text for each in Reason)}
