"""Tell a partner's contact, and staff, by e-mail that keys were found. The texts name a key by its public part."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from partners.api import base_url
from partners.formats import traces
from partners.formats.escapes import escaped
from partners.leaks.reporting import Outcome
from partners.models import KeyLeak, KeyState, Organization
from partners.review.mail import emails

NO_ORGANIZATION = "The key belongs to no organization, so nobody can be e-mailed."
NO_ADDRESS = "The organization has no contact e-mail. Tell the partner in another way."
FAILED = "The e-mail could not be sent. Tell the partner in another way, and check the mail server."
NOT_CONFIGURED = "This deployment sends no e-mail. Tell the partner in another way."

logger = logging.getLogger(__name__)


def unreachable(organization: Organization | None) -> str:
    """Return why a key's contact can't be e-mailed, or a blank if they can."""
    if organization is None:
        return NO_ORGANIZATION
    try:
        validate_email(organization.contact_email)
    except ValidationError:
        return NO_ADDRESS
    return "" if emails.can_reach_partners() else NOT_CONFIGURED


def notify(outcomes: Sequence[Outcome]) -> dict[int, str]:
    """E-mail the contact of each key who was not told of this place, or of less: one message for each organization.

    Return by key why its contact was not told, for those who were not.
    """
    due: defaultdict[Organization | None, list[KeyLeak]] = defaultdict(list)
    for each in outcomes:
        if each.is_new or each.leak.notified_at is None:
            due[each.key.organization].append(each.leak)
    problems: dict[int, str] = {}
    for organization, leaks in due.items():
        problem = unreachable(organization) or _sent(organization, leaks)
        problems |= {leak.api_key.pk: problem for leak in leaks if problem}
    return problems


def notify_staff(outcomes: Sequence[Outcome]) -> None:
    """E-mail staff about keys that a scanner found. A fault is logged: the keys' pages say the same."""
    if settings.STAFF_EMAIL and emails.has_server():
        facts = {"keys": [_facts(each.leak) | {"done": each.done} for each in outcomes], "base_url": base_url.stated()}
        _send(emails.message("An API key has leaked", "leak_staff", facts, settings.STAFF_EMAIL))


def message(organization: Organization | None, leaks: Sequence[KeyLeak]) -> str:
    """Return the text for the partner, as it is sent or copied."""
    return render_to_string("partners/mail/leak.txt", _about(organization, leaks)).strip()


def _sent(organization: Organization | None, leaks: Sequence[KeyLeak]) -> str:
    """Send the message. Return a blank, or why it was not sent."""
    to = [organization.contact_email] if organization else []
    subject = "Your API key has leaked" if len(leaks) == 1 else "Your API keys have leaked"
    if not _send(emails.message(subject, "leak", _about(organization, leaks), to, settings.STAFF_EMAIL)):
        return FAILED
    for leak in leaks:
        leak.note_notified(timezone.now())
    return ""


def _send(email: EmailMessage) -> bool:
    try:
        email.send()
    except Exception as fault:  # whatever it is: the keys are reported, and staff see who was not told
        logger.error(
            "an e-mail about a leak could not be sent",
            extra={"exception": traces.kind(fault), "where": traces.place(fault)},
        )
        return False
    return True


def _about(organization: Organization | None, leaks: Sequence[KeyLeak]) -> dict[str, Any]:
    return {
        "organization": organization and escaped(organization.name),
        "name": organization and escaped(organization.contact_name),
        "keys": [_facts(leak) for leak in leaks],
        "base_url": base_url.stated(),
        "docs": reverse("docs:page", args=["authentication"]),
    }


def _facts(leak: KeyLeak) -> dict[str, Any]:
    key = leak.api_key
    return {
        "label": escaped(key.label),
        "name": f"{key.quotable}…",
        "place": escaped(leak.place),
        "state": key.state.value,
        "works": key.state is KeyState.ACTIVE,
        "organization": key.organization and escaped(key.organization.name),
        "page": reverse("admin:partners_apikey_change", args=[key.pk]),
    }
