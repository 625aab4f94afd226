"""What to tell a partner about a refusal that the partner can fix, and the developer page about it."""

from typing import Any

from django import template
from django.template.loader import render_to_string
from django.urls import reverse

from partners.api.base_url import base_url
from partners.catalogue.reasons import Reason, Stage
from partners.catalogue.remedies import REMEDIES
from partners.catalogue.remedy import Fixer
from partners.catalogue.routes import Route
from partners.models import RequestRecord, UnkeyedAnswer

register = template.Library()


@register.simple_tag(takes_context=True)
def developer_page(context: Any, reason: Reason) -> str:
    """Return the URL of what partners read about a reason code, to send it on."""
    return f"{base_url(context['request'])}{reverse('docs:page', args=['errors'])}#{reason.code}"


@register.inclusion_tag("partners/_message.html", takes_context=True)
def partner_message(
    context: Any,
    reason: Reason,
    call: RequestRecord | UnkeyedAnswer | None = None,
    route: Route | str | None = None,
    parameter: str | None = None,
    detail: str = "",
) -> dict[str, Any]:
    """Show a message to the partner's engineer, with a button that copies it; nothing if the partner can't fix it.

    It holds no query and no id but the request id: these could be a patient's data or a secret. `parameter` is a name
    that may be kept, and `detail` says what is wrong with a token.
    """
    remedy, url = REMEDIES[reason], developer_page(context, reason)
    if remedy.fixer is not Fixer.PARTNER:
        return {}
    facts = {
        "reason": reason,
        "remedy": remedy,
        "call": call,
        "route": Route.named(route) if isinstance(route, str) and route else route or None,
        "parameter": parameter,
        "detail": detail if reason.stage is Stage.CREDENTIALS else "",
        "url": url,
    }
    return {"message": render_to_string("partners/message.txt", facts).strip(), "url": url}
