"""Hand-overs as staff prepare and send them, and the link that the contact gets."""

import re
from datetime import timedelta

from django.core import mail
from django.utils import timezone

from partners.catalogue.routes import Scope
from partners.models import KeyHandover, Organization
from tests.factories import CHANGE

LINK = re.compile(r"https?://[^\s/]+/collect/#([0-9A-Za-z]{43})")
CONTACT = "it@lakeside.example"
FROM = "198.51.100.7"


def prepared(organization: Organization, **values) -> KeyHandover:
    """Return a hand-over whose link was not sent yet."""
    given = {"label": "EHR sync", "scopes": [*Scope], "lifetime": timedelta(days=30)} | values
    return KeyHandover.prepare(CHANGE, None, organization=organization, **given)


def sent(handover: KeyHandover, sender=None, *, with_code: bool = False) -> tuple[str, str]:
    """Send a link without an e-mail, and return its token and its code."""
    link = handover.new_link(CHANGE, sender, with_code=with_code)
    handover.note_sent(CHANGE)
    return link


def links_mailed(number: int = -1) -> list[str]:
    """Return the tokens in an e-mail that was sent, the last one unless told otherwise."""
    return LINK.findall(mail.outbox[number].body)


def actions(handover: KeyHandover) -> list[str]:
    """Return what was recorded about a link, oldest first."""
    return [event.action.removeprefix("handover_") for event in reversed(handover.events)]


def expire(handover: KeyHandover) -> None:
    """Let the link have expired a moment ago."""
    KeyHandover.objects.filter(pk=handover.pk).update(link_expires_at=timezone.now())
    handover.refresh_from_db()
