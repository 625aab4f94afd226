"""The steps from a new partner to its first call, in order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.urls import reverse

from partners.diagnosis.grid import Grid
from partners.models import Approval, Organization
from partners.models.approvals.kinds import KEY


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what to do, whether it is done or the next to do, and the page to do it on.

    `needed`: without it, no call is served. `waits`: somebody has asked for it, and nobody has decided yet.
    """

    title: str
    done: bool
    url: str = ""
    needed: bool = True
    waits: bool = False
    next: bool = False


@dataclass(frozen=True, slots=True)
class Checklist:
    """All steps. `called`: a call of the partner was served, so that what is missing now was taken away."""

    steps: list[Step]
    called: bool

    @property
    def open(self) -> bool:
        """Return True if the partner doesn't call the API yet, or can't any more."""
        return any(step.needed and not step.done for step in self.steps)


def checklist(organization: Organization, grid: Grid, asked: Sequence[Approval], *, called: bool) -> Checklist:
    """Return the steps of an organization, the first that somebody can take now marked as the next.

    `asked`: what waits for approval.
    """
    access = _page("access", organization)
    issue = f"{reverse('admin:partners_apikey_issue')}?organization={organization.pk}"
    contact = bool(organization.contact_name or organization.contact_email)
    steps = [
        Step("Add the contact at the partner", contact, _page("contact", organization), needed=False),
        Step("Add the purpose of the disclosures", bool(organization.purpose), _page("purpose", organization), False),
        Step(
            "Allowlist the organization",
            grid.access.allowlisted,
            f"{access}?allowlist=1",
            waits=any(each.facts.get("allowlist") for each in asked),
        ),
        Step(
            "Enable its routes", bool(grid.access.routes), access, waits=any(each.facts.get("enable") for each in asked)
        ),
        Step("Issue a key and hand it over", bool(grid.rows), issue, waits=any(each.kind == KEY for each in asked)),
        Step("The partner makes a first call", called),
    ]
    ahead = _ahead([step for step in steps if not step.done and (step.needed or not called)])
    return Checklist([replace(step, next=step is ahead) for step in steps], called)


def _ahead(left: list[Step]) -> Step | None:
    """Return the first step that doesn't wait. The partner's call comes only when nothing else is left."""
    return next((step for step in left if not step.waits and (step.url or step is left[0])), None)


def _page(name: str, organization: Organization) -> str:
    return reverse(f"admin:partners_organization_{name}", args=[organization.pk])
