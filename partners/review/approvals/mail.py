"""The e-mails that tell staff that something waits for approval."""

import logging
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse

from partners.api import base_url
from partners.formats import traces
from partners.formats.escapes import escaped
from partners.models import Approval
from partners.review.mail import emails

logger = logging.getLogger(__name__)


def tell_staff(approval: Approval) -> None:
    """Send staff an e-mail about a request."""
    facts = {
        "title": approval.title,
        "organization": escaped(str(approval.organization or "")),
        "subject": escaped(approval.subject),
        "asked_by": escaped(approval.asked_by),
        "ticket": escaped(approval.ticket),
        "page": reverse("admin:approval", args=[approval.pk]),
    }
    _send("A change waits for approval", "approval", facts)


def tell_staff_of_all(approvals: Sequence[Approval]) -> None:
    """Send staff one e-mail about requests that one person made together."""
    if len(approvals) == 1:
        tell_staff(approvals[0])
    elif approvals:
        first = approvals[0]
        facts = {
            "number": f"{len(approvals):,}",
            "asked_by": escaped(first.asked_by),
            "ticket": escaped(first.ticket),
            "page": reverse("admin:approvals"),
        }
        _send(f"{len(approvals):,} changes wait for approval", "approvals", facts)


def _send(subject: str, template: str, facts: dict[str, Any]) -> None:
    """Send staff an e-mail. If that fails, the log says so; the home page shows the requests anyway."""
    if not settings.STAFF_EMAIL or not emails.has_server():
        return
    try:
        emails.message(subject, template, facts | {"base_url": base_url.stated()}, settings.STAFF_EMAIL).send()
    except Exception as fault:  # whatever fails, the request is made, and the page must still answer
        logger.error("an e-mail about an approval could not be sent", extra={"exception": traces.kind(fault)})
