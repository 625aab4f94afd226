"""The steps from a new partner to its first call, in order."""

from dataclasses import dataclass, replace

from django.urls import reverse

from partners.diagnosis.grid import Grid
from partners.models import Organization


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what to do, whether it is done or the next to do, and the page to do it on."""

    title: str
    done: bool
    url: str = ""
    next: bool = False


def steps(organization: Organization, grid: Grid, *, called: bool) -> list[Step]:
    """Return all steps. `called`: a call of the partner was served."""
    access = _page("access", organization)
    issue = f"{reverse('admin:partners_apikey_issue')}?organization={organization.pk}"
    contact = bool(organization.contact_name or organization.contact_email)
    found = [
        Step("Add the contact at the partner", contact, _page("contact", organization)),
        Step("Add the purpose of the disclosures", bool(organization.purpose), _page("purpose", organization)),
        Step("Allowlist the organization", grid.access.allowlisted, f"{access}?allowlist=1"),
        Step("Enable its routes", bool(grid.access.routes), access),
        Step("Issue a key and hand it over", bool(grid.rows), issue),
        Step("The partner makes a first call", called),
    ]
    ahead = next((step for step in found if not step.done), None)
    return [replace(step, next=step is ahead) for step in found]


def _page(name: str, organization: Organization) -> str:
    return reverse(f"admin:partners_organization_{name}", args=[organization.pk])
