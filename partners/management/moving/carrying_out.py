"""Create the partners of a file that don't exist, prepare or ask for their keys, and send the links."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from partners import pacing
from partners.api import base_url
from partners.catalogue.routes import Route
from partners.management.moving.columns import Column
from partners.management.moving.gathering import Partner, Wanted
from partners.management.moving.plan import Plan
from partners.management.moving.present import Known, Present
from partners.models import Approval, KeyHandover, Organization
from partners.models.approvals.key import WantedKey
from partners.models.change import Change
from partners.review.approvals import asking, mail
from partners.review.handing_over import Sender

AT_ONCE = 10  # partners in one transaction
DESCRIPTION = {"owner": Column.OWNER, "note": Column.NOTE, "tags": Column.TAGS}


@dataclass(frozen=True, slots=True)
class Run:
    """One run, and the requests that it made."""

    change: Change
    approvals: list[Approval] = field(default_factory=list)

    def create(self, plans: Sequence[Plan]) -> None:
        """Create what is missing, a few partners in each transaction: each is complete or not there."""
        missing = [plan for plan in plans if plan.is_new or plan.missing]
        for first in range(0, len(missing), AT_ONCE):
            with pacing.step():
                for plan in missing[first : first + AT_ONCE]:
                    self._create(plan)
        mail.tell_staff_of_all(self.approvals)

    def send(self, plans: Iterable[Plan]) -> list[dict[str, Any]]:
        """Send every link that waits, and return what couldn't be sent and why."""
        sender, faults = Sender(self.change, None, base_url.stated()), []
        for plan in plans:
            for delivery in sender.send(plan.unsent):
                if delivery.fault:
                    link = delivery.handover
                    facts = {"organization": link.organization.name, "label": link.label, "link": link.pk}
                    faults.append(facts | {"message": delivery.fault})
        return faults

    def _create(self, plan: Plan) -> None:
        missing, routes = plan.missing, plan.partner.routes if plan.is_new else []
        if plan.present is None:
            plan.present = Present(self._organization(plan.partner), {})
        for wanted in missing:
            plan.present.keys[wanted.key] = self._key(plan.present.organization, wanted, routes)
            routes = []  # only the first key is asked for together with them

    def _organization(self, partner: Partner) -> Organization:
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
        if partner.routes and not (settings.FOUR_EYES and partner.keys):  # else it is asked for with the first key
            given: dict[str, Any] = {"allowlisted": True, "enable": partner.routes}
            asking.set_access(organization, change, None, tell=self.approvals.append, **given)
        return organization

    def _key(self, organization: Organization, wanted: Wanted, routes: Sequence[Route]) -> Known:
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
        return Known.of_request(asking.ask_for_key(asked_for, self.change, None, tell=self.approvals.append))
