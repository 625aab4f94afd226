"""What a run will do with each partner of a file: found out, with all that is wrong, before anything is written."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError

from partners.api import base_url
from partners.formats.moments import rfc3339
from partners.management.moving.columns import Column
from partners.management.moving.faults import Fault
from partners.management.moving.gathering import Partner, Wanted
from partners.management.moving.present import Known, Present
from partners.models import KeyHandover
from partners.review.mail import link_mail

VAGUE = "Say what the key may read: name scopes, or routes that need them."
NO_CONTACT = "The key is handed over by link, so the contact needs an e-mail address."
NO_CONTACT_HERE = (
    "The organization has no contact with an e-mail address here, and it is not changed. Add the contact on its page."
)
AGAIN = "Line {line} names this organization too, in another way. Write its id or its name in both."
NOT_OPEN = (
    "The organization would not be allowlisted, so nobody could collect its key. Name the routes that it may call."
)
SHUT = "The organization is not allowlisted here, so nobody could collect its key. Run set_access first."


@dataclass(slots=True)
class Plan:
    """One partner, and what there is of it. `is_new` stays True once it is created."""

    partner: Partner
    present: Present | None
    is_new: bool

    @property
    def missing(self) -> list[Wanted]:
        """Return the keys that there is nothing of."""
        known = {} if self.present is None else self.present.keys
        return [wanted for wanted in self.partner.keys if wanted.key not in known]

    @property
    def is_complete(self) -> bool:
        """Return True if nothing of the partner is missing."""
        return self.present is not None and not self.missing

    @property
    def unsent(self) -> list[KeyHandover]:
        """Return the links that wait to be sent."""
        return [known.link for _, known in self._keys() if known and known.link and known.is_unsent]

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield what there is of the partner now: a line for each key, or one without a key."""
        present = self.present
        about = {
            "organization": self.partner.name if present is None else present.organization.name,
            "organization_id": present and present.organization.public_id,
            "new": self.is_new,
        }
        if not self.partner.keys:
            yield {"line": self.partner.line} | about | _of_key("", None)
        for wanted, known in self._keys():
            yield {"line": wanted.line} | about | _of_key(wanted.label, known)

    def faults(self) -> Iterator[Fault]:
        """Yield what forbids the keys that are missing."""
        missing, partner = self.missing, self.partner
        if not missing:
            return
        for wanted in missing:
            if wanted.is_vague:
                yield Fault(wanted.line, Column.SCOPES.title, "", VAGUE)
        line = missing[0].line
        if self.present is None:
            yield from (
                Fault(line, column.title, "", message)
                for column, message in ((Column.EMAIL, NO_CONTACT), (Column.ROUTES, NOT_OPEN))
                if column not in partner.named
            )
            return
        if not self.present.organization.contact_email:
            yield Fault(line, Column.EMAIL.title, "", NO_CONTACT_HERE)
        if not (self.present.organization.allowlisted or (settings.FOUR_EYES and self.present.waits_for_allowlist)):
            yield Fault(line, Column.ORGANIZATION.title, partner.name, SHUT)

    def _keys(self) -> list[tuple[Wanted, Known | None]]:
        known = {} if self.present is None else self.present.keys
        return [(wanted, known.get(wanted.key)) for wanted in self.partner.keys]


def plans_for(partners: Iterable[Partner], faults: list[Fault]) -> list[Plan]:
    """Return a plan for each partner, and add all that forbids one of them to the faults."""
    plans: list[Plan] = []
    lines: dict[int, int] = {}  # where each organization that exists was first
    for partner in partners:
        present = Present.of(partner, faults)
        plans.append(Plan(partner, present, present is None))
        if present is not None and (first := lines.setdefault(present.organization.pk, partner.line)) != partner.line:
            faults.append(Fault(partner.line, Column.ORGANIZATION.title, partner.name, AGAIN.format(line=first)))
    for plan in plans:
        faults += plan.faults()
    if any(plan.missing or plan.unsent for plan in plans):
        faults += _of_deployment()
    return plans


def _of_deployment() -> Iterator[Fault]:
    try:
        link_mail.require_mail()
    except ValidationError as refusal:
        yield Fault(None, "", "", " ".join(refusal.messages))
    if not base_url.stated():
        yield Fault(None, "", "", "Set CHARTERO_BASE_URL: the links lead to it.")


def _of_key(label: str, known: Known | None) -> dict[str, Any]:
    facts: dict[str, Any] = {"label": label, "state": "new" if label and known is None else ""}
    facts |= {"public_part": "", "sent_to": "", "link_expires_at": None, "approval": None}
    if known is None:
        return facts
    if known.link is not None:
        link = known.link
        return facts | {
            "state": link.state.value,
            "sent_to": link.sent_to,
            "link_expires_at": rfc3339(link.link_expires_at),
        }
    return facts | {
        "state": known.state,
        "public_part": known.key.public_part if known.key else "",
        "approval": known.approval and known.approval.pk,
    }
