"""The e-mails about keys that are handed over by link: the links for a contact, and what staff must know at once."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import parseaddr
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.urls import reverse

from partners.api import base_url
from partners.formats import traces
from partners.formats.escapes import escaped
from partners.models import KeyHandover, Organization
from partners.review.mail import emails

logger = logging.getLogger(__name__)


class Alert(StrEnum):
    """Why staff are alerted about a link, as the subject says it of a key or a signing secret."""

    REUSED = "The link of a {noun} that was collected is used again"
    LOCKED = "A link is locked after wrong codes"
    REFUSED = "A {noun} could not be collected"


@dataclass(frozen=True, slots=True)
class NewLink:
    """A hand-over with its new link, which nothing but the e-mail contains."""

    handover: KeyHandover
    url: str = field(repr=False)


def require_mail() -> None:
    """Raise ValidationError if this deployment sends no e-mail."""
    if not emails.can_reach_partners():
        raise ValidationError("E-mail is not configured. Set EMAIL_URL and CHARTERO_FROM_EMAIL.", code="no_mail")


def for_contact(organization: Organization, links: Sequence[NewLink], *, with_code: bool) -> EmailMessage:
    """Return the e-mail with the links for one contact. Except for the address, its headers hold nothing typed."""
    facts = {
        "sender": _sender(),
        "organization": escaped(organization.name),
        "name": escaped(organization.contact_name),
        "links": [_facts(each) for each in links],
        "named": _with_article(links),
        "with_code": with_code,
    }
    subject = f"Collect your {'new ' if len(links) == 1 else f'{len(links):,} new '}{_named(links)}"
    return emails.message(subject, "handover", facts, [links[0].handover.sent_to], settings.STAFF_EMAIL)


def alert(kind: Alert, handover: KeyHandover, source: str, why: str = "") -> None:
    """Send staff an e-mail about a link. If that fails, the log says so; the home page shows the same."""
    if not settings.STAFF_EMAIL or not emails.has_server():
        return
    facts = {
        "kind": kind.name,
        "noun": handover.noun,
        "nothing_given": handover.nothing_given,
        "organization": escaped(handover.organization.name),
        "label": escaped(handover.label),
        "sent_by": escaped(handover.sent_by),
        "sent_to": handover.sent_to,
        "source": source,
        "why": why,
        "collected_at": handover.collected_at and emails.moment(handover.collected_at),
        "collected_from": handover.collected_from,
        "base_url": base_url.stated(),
        "page": reverse("admin:partners_handover", args=[handover.pk]),
    }
    try:
        emails.message(kind.format(noun=handover.noun), "handover_alert", facts, settings.STAFF_EMAIL).send()
    except Exception as fault:  # whatever fails, the page must still answer
        logger.error("an alert could not be sent", extra={"exception": traces.kind(fault)})


def _facts(link: NewLink) -> dict[str, Any]:
    handover = link.handover
    return {
        "label": escaped(handover.label),
        "url": link.url,
        "endpoint": handover.endpoint and escaped(handover.endpoint.url),
        "end": handover.link_expires_at and emails.moment(handover.link_expires_at),
        "replaces": handover.replaces and f"{handover.replaces.quotable}…",
        "overlap_hours": handover.overlap_hours,
    }


def _named(links: Sequence[NewLink]) -> str:
    """Return what the links are for, in the plural if there are several."""
    has_endpoint = {link.handover.endpoint is not None for link in links}
    if len(has_endpoint) > 1:
        return "API keys and signing secrets"
    noun = "webhook signing secret" if True in has_endpoint else "API key"
    return noun if len(links) == 1 else f"{noun}s"


def _with_article(links: Sequence[NewLink]) -> str:
    named = _named(links)
    if len(links) > 1:
        return named
    return f"an {named}" if links[0].handover.endpoint is None else f"a {named}"


def _sender() -> str:
    """Return who sends, as the settings name them: by name, or else by domain."""
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return name or address.rpartition("@")[2]
