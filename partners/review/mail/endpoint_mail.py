"""The e-mails about webhook endpoints that fail, and about those that were switched off because of it.

Each is sent to staff, and to the contact of the organization if it may call the API and has an address.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import timezone

from partners.api import base_url
from partners.formats.escapes import escaped
from partners.models import WebhookEndpoint
from partners.review.mail import emails
from partners.review.notices import is_address

logger = logging.getLogger(__name__)

FAILING_FOR = timedelta(days=1)  # until the first e-mail; after five days the endpoint is switched off


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with an endpoint: it is off, or it is failing."""

    endpoint: WebhookEndpoint

    @property
    def is_off(self) -> bool:
        return not self.endpoint.is_on

    def for_staff(self) -> EmailMessage:
        """Return the e-mail to staff. No header holds anything that people typed."""
        return emails.message(f"A {self._words}", "endpoint_staff", self._facts(), settings.STAFF_EMAIL)

    def for_contact(self) -> EmailMessage | None:
        """Return the e-mail to the contact, or None if there is none who may get it."""
        organization = self.endpoint.organization
        if not organization.allowlisted or not is_address(organization.contact_email):
            return None
        to, reply_to = [organization.contact_email], settings.STAFF_EMAIL
        return emails.message(f"Your {self._words}", "endpoint_contact", self._facts(), to, reply_to)

    def note_told(self) -> None:
        """Note that the e-mails were sent, so that they are sent once."""
        field = "told_off_at" if self.is_off else "told_failing_at"
        WebhookEndpoint.objects.filter(pk=self.endpoint.pk).update(**{field: timezone.now()})

    @property
    def _words(self) -> str:
        return "webhook endpoint was switched off" if self.is_off else "webhook endpoint is failing"

    def _facts(self) -> dict[str, Any]:
        endpoint = self.endpoint
        return {
            "url": escaped(endpoint.url),
            "endpoint": endpoint.public_id,
            "organization": escaped(endpoint.organization.name),
            "name": escaped(endpoint.organization.contact_name),
            "is_off": self.is_off,
            "why": endpoint.get_off_why_display(),
            "since": emails.moment(endpoint.off_at or endpoint.failing_since or timezone.now()),
            "base_url": base_url.stated(),
            "docs": reverse("docs:start"),
            "page": reverse("admin:partners_organization_change", args=[endpoint.organization_id]),
        }


def due() -> list[Trouble]:
    """Return the endpoints that nobody was told of yet: off by themselves, or failing for a day."""
    off = WebhookEndpoint.objects.all().switched_off_by_us().filter(told_off_at=None).order_by("off_at", "pk")
    failing = WebhookEndpoint.objects.all().failing().filter(
        told_failing_at=None, failing_since__lte=timezone.now() - FAILING_FOR
    )  # fmt: skip
    return [Trouble(each) for rows in (off, failing) for each in rows.select_related("organization")]


def send(trouble: Trouble) -> None:
    """Send the e-mails about one endpoint. If the mail server fails, both stay due.

    A contact whose address the server refuses must not keep staff from being told.
    """
    if message := trouble.for_contact():
        try:
            message.send()
        except SMTPRecipientsRefused:
            logger.warning("the contact of a webhook endpoint could not be e-mailed: the address was refused")
    trouble.for_staff().send()
    trouble.note_told()
