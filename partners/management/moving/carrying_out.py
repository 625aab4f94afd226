"""Create the partners of a file that don't exist, prepare or ask for their keys, and send the links."""

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from django import db
from django.conf import settings
from django.core.exceptions import ValidationError

from partners import pacing
from partners.api import base_url
from partners.catalogue.routes import Route
from partners.management.base import database_fault
from partners.management.moving.columns import Column
from partners.management.moving.gathering import Partner, Wanted
from partners.management.moving.plan import Plan
from partners.management.moving.present import Known, Present
from partners.models import Approval, KeyHandover, Organization
from partners.models.approvals.key import WantedKey
from partners.models.change import Change
from partners.review.approvals import asking, mail
from partners.review.approvals.asking import Tell
from partners.review.handing_over import Sender

AT_ONCE = 10  # partners in one transaction
OF_STAFF = "Staff prepared this link, or wanted a code by phone for it. Send it on its page, or withdraw it."
DESCRIPTION = {"owner": Column.OWNER, "note": Column.NOTE, "tags": Column.TAGS}


@dataclass(frozen=True, slots=True)
class Run:
    """One run, the requests that it made, and by line the partners that it could not import."""

    change: Change
    approvals: list[Approval] = field(default_factory=list)
    refused: dict[int, dict[str, Any]] = field(default_factory=dict)

    def create(self, plans: Sequence[Plan]) -> None:
        """Create what is missing, a few partners in each transaction: each is complete or not there.

        One that is refused holds back no other, and what was asked for is told to staff whatever happens.
        """
        missing = [plan for plan in plans if not plan.is_complete]
        try:
            for first in range(0, len(missing), AT_ONCE):
                self._create(missing[first : first + AT_ONCE])
        except db.Error as fault:  # it is about the database, not about a partner: the rest would fare no better
            for plan in missing:
                self._note(plan, fault)
        finally:
            mail.tell_staff_of_all(self.approvals)

    def send(self, plans: Iterable[Plan]) -> list[dict[str, Any]]:
        """Send every link that waits, and return what wasn't sent and why."""
        links = [link for plan in plans for link in plan.unsent]
        faults = {link.pk: fault for link in links if (fault := _refusal(link))}
        allowed = [link for link in links if link.pk not in faults]
        try:
            deliveries = Sender(self.change, None, base_url.stated()).send(allowed, keep_on=True)
            faults |= {each.handover.pk: each.fault for each in deliveries}
        except db.Error as fault:
            faults |= {link.pk: database_fault(fault) for link in allowed if not link.state.is_open}
        return [
            {"organization": link.organization.name, "label": link.label, "link": link.pk, "message": faults[link.pk]}
            for link in links
            if faults.get(link.pk)
        ]

    def _create(self, plans: Sequence[Plan]) -> None:
        """Create these together, or one by one if one of them is refused."""
        asked: list[Approval] = []
        try:
            with pacing.step():
                made = [self._made(plan, asked.append) for plan in plans]
        except (ValidationError, db.IntegrityError, db.DataError) as fault:
            if len(plans) == 1:
                self._note(plans[0], fault)
                return
            for plan in plans:
                self._create([plan])
            return
        self.approvals.extend(asked)
        for plan, present in zip(plans, made, strict=True):
            plan.present = present

    def _note(self, plan: Plan, fault: ValidationError | db.Error) -> None:
        """Note why a partner isn't imported, unless it is."""
        if not plan.is_complete:
            message = " ".join(fault.messages) if isinstance(fault, ValidationError) else database_fault(fault)
            line, name = plan.partner.line, plan.partner.name
            self.refused.setdefault(line, {"line": line, "organization": name, "message": message})

    def _made(self, plan: Plan, tell: Tell) -> Present:
        """Create what is missing of a partner, and return what there is of it then."""
        present = plan.present or Present(self._organization(plan.partner, tell), {})
        routes = plan.partner.routes if plan.is_new else []
        keys = {wanted.key: self._key(present.organization, wanted, routes, tell) for wanted in plan.missing}
        return Present(present.organization, present.keys | keys)

    def _organization(self, partner: Partner, tell: Tell) -> Organization:
        values, change = partner.values, self.change
        organization = Organization.create(
            partner.name,
            change,
            contact_name=values.get(Column.CONTACT, ""),
            contact_email=values.get(Column.EMAIL, ""),
            purpose=values.get(Column.PURPOSE, ""),
        )
        if description := {name: values[column] for name, column in DESCRIPTION.items() if column in values}:
            organization.describe(change, **({"owner": "", "note": "", "tags": []} | description))
        if Column.LIMIT in values:
            organization.set_limit(change, values[Column.LIMIT])
        if Column.NAMES in values:
            organization.set_names(change, receives=values[Column.NAMES])
        if partner.routes and not (settings.FOUR_EYES and partner.keys):  # else it is asked for with each key
            asking.set_access(organization, change, None, allowlisted=True, enable=partner.routes, tell=tell)
        return organization

    def _key(self, organization: Organization, wanted: Wanted, routes: Sequence[Route], tell: Tell) -> Known:
        """Prepare the link to a key; or ask for it, together with the routes that the organization gets with it."""
        label, scopes = wanted.label, wanted.scopes
        if not asking.need_approval():
            link = KeyHandover.prepare(
                self.change, None, organization=organization, label=label, scopes=scopes, **wanted.life
            )
            return Known.of_link(link)
        asked_for = WantedKey(
            organization, label, scopes, by_link=True, allowlist=bool(routes), enable=[*routes], **wanted.life
        )
        return Known.of_request(asking.ask_for_key(asked_for, self.change, None, tell=tell))


def _refusal(link: KeyHandover) -> str:
    """Return why this link is not for the command to send, or ""."""
    if link.sender_id is not None or link.has_code:
        return OF_STAFF
    tried = copy(link)
    tried.sent_to = ""  # it goes to whoever is the contact now
    obstacle = tried.obstacle()
    return "" if obstacle is None else " ".join(obstacle.messages)
