"""The e-mails of notices: their text, which names a key by its public part, and how they are sent, one by one."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.urls import reverse

from partners.api import base_url
from partners.formats.escapes import escaped
from partners.models import ApiKey, Recipient
from partners.review.mail import emails
from partners.review.notices import Ending, Notice

LISTED = 200


def send(notices: Iterable[Notice]) -> Iterator[tuple[Notice, Exception | None]]:
    """Send each notice and record it at once. Yield it with its error, or None. A notice that fails stays due.

    If the mail server can't be reached at all, the rest are not tried.
    """
    server = get_connection()
    for notice in notices:
        try:
            server.open()
        except OSError as fault:
            yield notice, fault
            return
        yield notice, _send_one(server, notice)
    _close(server)


def message(notice: Notice) -> EmailMessage:
    """Return the e-mail. Except for the address, its headers hold nothing that people typed."""
    facts = {
        "keys": [_facts(each) for each in notice.endings[:LISTED]],
        "more": len(notice.endings[LISTED:]),
        "organization": notice.organization and escaped(notice.organization.name),
        "name": notice.organization and escaped(notice.organization.contact_name),
        "base_url": base_url.stated(),
        "docs": reverse("docs:start"),
    }
    reply_to = settings.STAFF_EMAIL if notice.recipient is Recipient.CONTACT else None
    return emails.message(_subject(notice), notice.recipient, facts, notice.to, reply_to)


def _send_one(server: BaseEmailBackend, notice: Notice) -> Exception | None:
    try:
        email = message(notice)
        email.connection = server
        email.send()
    except Exception as fault:  # a fault in one message must not hold back the others
        _close(server)
        return fault
    notice.record()
    return None


def _close(server: BaseEmailBackend) -> None:
    with suppress(OSError):
        server.close()


def _subject(notice: Notice) -> str:
    first, count = f"{notice.endings[0].expires_at.astimezone(UTC):%Y-%m-%d}", len(notice.endings)
    if notice.recipient is Recipient.CONTACT:
        return f"Your API key expires on {first}" if count == 1 else f"{count:,} of your API keys expire from {first}"
    return f"An API key expires on {first}" if count == 1 else f"{count:,} API keys expire from {first}"


def _facts(ending: Ending) -> dict[str, Any]:
    key, organization = ending.key, ending.key.organization
    return {
        "label": escaped(key.label),
        "name": _name(key),
        "organization": organization and escaped(organization.name),
        "end": emails.moment(ending.expires_at),
        "days_left": ending.days_left,
        "last_used": key.last_used_at and emails.moment(key.last_used_at),
        "successor": ending.successor and _name(ending.successor),
        "successor_used": ending.successor and _last_used(ending.successor),
        "not_notified": ending.not_notified,
        "page": reverse("admin:partners_apikey_change", args=[key.pk]),
    }


def _name(key: ApiKey) -> str:
    return f"{key.quotable}…"


def _last_used(key: ApiKey) -> str:
    return f"last used {emails.moment(key.last_used_at)}" if key.last_used_at else "not used yet"
