"""The e-mail that tells staff that something waits for approval."""

import logging

from django.conf import settings
from django.urls import reverse

from partners.api import base_url
from partners.formats import traces
from partners.formats.escapes import escaped
from partners.models import Approval
from partners.review.mail import emails

logger = logging.getLogger(__name__)


def tell_staff(approval: Approval) -> None:
    """Send staff an e-mail about a request. If that fails, the log says so; the home page shows the request anyway."""
    if not settings.STAFF_EMAIL or not emails.has_server():
        return
    facts = {
        "title": approval.title,
        "organization": escaped(str(approval.organization or "")),
        "subject": escaped(approval.subject),
        "asked_by": escaped(approval.asked_by),
        "ticket": escaped(approval.ticket),
        "base_url": base_url.stated(),
        "page": reverse("admin:approval", args=[approval.pk]),
    }
    try:
        emails.message("A change waits for approval", "approval", facts, settings.STAFF_EMAIL).send()
    except Exception as fault:  # whatever fails, the request is made, and the page must still answer
        logger.error("an e-mail about an approval could not be sent", extra={"exception": traces.kind(fault)})
