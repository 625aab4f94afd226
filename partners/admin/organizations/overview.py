"""The first part of an organization's page: the next step, what doesn't fit together, its data, and the main facts."""

from django.http import HttpRequest, HttpResponse

from partners.admin.base import needs
from partners.admin.lists.model_admin import get_row
from partners.admin.organizations import first_call, parts
from partners.diagnosis import contradictions
from partners.diagnosis.grid import Grid
from partners.models import LimitUse, Organization
from partners.review import data_volume
from partners.usage import chart
from partners.usage.chart import SmallCharts
from partners.usage.hours import Kind


@needs(parts.OVERVIEW.permission)
def show(request: HttpRequest, object_id: str) -> HttpResponse:
    """Show one organization, by its primary key or its `org_…` id."""
    organization = get_row(Organization.objects.all(), object_id)
    grid, last_used = Grid.of(organization), parts.last_used(organization)
    asked = parts.asked_for(request, organization)
    return parts.show_part(
        request,
        parts.OVERVIEW,
        organization,
        approvals=asked,
        grid=grid,
        next_to_expire=min((key.expires_at for key in grid.keys if key.expires_at), default=None),
        last_used=last_used,
        limit=LimitUse.of(organization)[0],
        checklist=first_call.checklist(organization, grid, asked, called=last_used is not None),
        contradictions=contradictions.find_contradictions(grid) if _should_work(grid, last_used is not None) else [],
        usage=_usage(organization) if request.user.has_perm(parts.CALLS.permission) else None,
        volume=data_volume.of_organization(organization),
    )


def _usage(organization: Organization) -> SmallCharts:
    return chart.of_each(Kind.ORGANIZATION, [organization.pk])


def _should_work(grid: Grid, called: bool) -> bool:
    """Return True unless the partner is new, and only lacks steps that nobody has taken yet."""
    return bool(grid.rows) and (called or bool(grid.access.allowlisted and grid.access.routes))
