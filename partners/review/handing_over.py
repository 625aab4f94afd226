"""Send the links of hand-overs: one e-mail for each contact, and what became of each link."""

import time
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.urls import reverse

from partners.formats import traces
from partners.models import KeyHandover, Organization
from partners.models.change import Change
from partners.models.handover import Closed
from partners.review.mail import link_mail
from partners.review.mail.link_mail import NewLink

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PATIENCE = 20.0  # seconds that e-mails are sent; the rest wait to be sent again
NOT_TRIED = "There was no time left. Send it again."


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one link. `fault` says why it wasn't sent. `code` is what staff read out, if anything."""

    handover: KeyHandover
    fault: str = ""
    code: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends links, from where they lead to: `base_url` is the public address of this deployment."""

    change: Change
    user: "User | None"
    base_url: str

    def send(
        self, handovers: Iterable[KeyHandover], *, with_code: bool = False, keep_on: bool = False
    ) -> list[Delivery]:
        """Send a new link for each, and return what became of it. What isn't sent can be sent again.

        With `keep_on`, there is time as long as the mail server takes e-mails: `PATIENCE` is from one to the next.
        """
        of_each: defaultdict[Organization, list[KeyHandover]] = defaultdict(list)
        for handover in handovers:
            of_each[handover.organization].append(handover)
        until, server = time.monotonic() + PATIENCE, get_connection()
        deliveries: list[Delivery] = []
        for organization, its in of_each.items():
            if time.monotonic() > until:
                deliveries += [Delivery(each, NOT_TRIED) for each in its]
                continue
            sent = self._send_one(server, organization, its, with_code)
            deliveries += sent
            if keep_on and not all(each.fault for each in sent):
                until = time.monotonic() + PATIENCE
        with suppress(OSError):
            server.close()
        return deliveries

    def _send_one(
        self, server: BaseEmailBackend, organization: Organization, handovers: list[KeyHandover], with_code: bool
    ) -> list[Delivery]:
        deliveries, links, codes = [], [], {}
        for each in handovers:
            try:
                token, codes[each.pk] = each.new_link(self.change, self.user, with_code=with_code)
                links.append(NewLink(each, f"{self.base_url}{reverse('collect')}#{token}"))
            except ValidationError as refusal:
                deliveries.append(Delivery(each, " ".join(refusal.messages)))
        fault = _fault(server, organization, links, with_code) if links else ""
        return deliveries + [self._noted(link.handover, fault, codes[link.handover.pk]) for link in links]

    def _noted(self, handover: KeyHandover, fault: str, code: str) -> Delivery:
        try:
            if fault:
                handover.note_not_sent(self.change)
                return Delivery(handover, fault)
            handover.note_sent(self.change)
        except Closed as closed:
            return Delivery(handover, " ".join(closed.messages))
        return Delivery(handover, code=code)


def _fault(server: BaseEmailBackend, organization: Organization, links: list[NewLink], with_code: bool) -> str:
    """Send the e-mail, and return why it couldn't be sent, or ""."""
    try:
        message = link_mail.for_contact(organization, links, with_code=with_code)
        message.connection = server
        server.open()
        message.send()
    except Exception as fault:  # a fault in one message must not hold back the others
        with suppress(OSError):
            server.close()
        return f"The e-mail couldn't be sent ({traces.kind(fault)}). Check the address and the mail server."
    return ""
