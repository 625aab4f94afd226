"""What all e-mails share: whether this deployment can send any, how they are made, and how they write times."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

NO_SERVER = "django.core.mail.backends.dummy.EmailBackend"  # what a deployment without EMAIL_URL has


def has_server() -> bool:
    """Return True if this deployment has a mail server."""
    return settings.EMAIL_BACKEND != NO_SERVER


def can_reach_partners() -> bool:
    """Return True if this deployment has a mail server, and an address that partners get e-mail from."""
    return has_server() and bool(settings.DEFAULT_FROM_EMAIL)


def message(
    subject: str, template: str, facts: dict[str, Any], to: Iterable[str], reply_to: Sequence[str] | None = None
) -> EmailMessage:
    """Return an e-mail whose text is this template of `partners/mail/`."""
    return EmailMessage(
        subject,
        render_to_string(f"partners/mail/{template}.txt", facts),
        to=[*to],
        reply_to=reply_to,
        headers={"Auto-Submitted": "auto-generated"},  # RFC 3834: no machine answers it
    )


def moment(when: datetime) -> str:
    """Return a time in UTC."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
