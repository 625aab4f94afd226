"""The access of an organization: what it may call, what its keys can call, and the form that changes it."""

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from partners.admin.base import needs
from partners.admin.organizations import parts
from partners.admin.organizations.changing import PAGE
from partners.admin.organizations.forms import AccessForm
from partners.admin.verbs import say
from partners.catalogue.routes import Route
from partners.diagnosis.grid import Access, Grid
from partners.models import ApiKey, Organization
from partners.review.approvals import asking
from partners.signin.base import person

SHOWN = 50


@needs(parts.ACCESS.permission)
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the access, and change it. Taking away what active keys use needs a confirmation."""
    organization = get_object_or_404(Organization, pk=pk)
    grid = Grid.of(organization)
    losses: list[tuple[ApiKey, list[Route]]] = []
    if request.method == "POST":
        if not request.user.has_perm("partners.change_organization"):
            raise PermissionDenied
        form = AccessForm(request.POST)
        if form.is_valid():
            losses = _unconfirmed_losses(grid, form)
            if not losses and _save(request, organization, form):
                return redirect(PAGE, organization.pk)
    else:
        form = AccessForm.showing(grid.access, _suggested(request))
    return parts.show_part(
        request,
        parts.ACCESS,
        organization,
        form=form,
        grid=grid,
        losses=losses[:SHOWN],
        loss_count=len(losses),
        four_eyes=settings.FOUR_EYES,
    )


def _suggested(request: HttpRequest) -> Access:
    """Return the access that a link from a refusal asks for. Nothing is saved by it."""
    wanted = request.GET.getlist("route")
    return Access(
        "allowlist" in request.GET, frozenset(route for route in Route.grantable() if route.route_name in wanted)
    )


def _unconfirmed_losses(grid: Grid, form: AccessForm) -> list[tuple[ApiKey, list[Route]]]:
    if form.cleaned_data["confirmed"] == form.switched_off:
        return []
    return grid.losses(form.on_top_of(grid.access))


def _save(request: HttpRequest, organization: Organization, form: AccessForm) -> bool:
    given: dict[str, Any] = {"allowlisted": form.allowlist, "enable": form.enable, "disable": form.disable}
    outcome = form.attempt(lambda: asking.set_access(organization, form.change(request), person(request), **given))
    if outcome is None:
        return False
    say(request, outcome, f"Saved: {_summary(form)}.", taken=f"Switched off: {form.switched_off}.")
    return True


def _summary(form: AccessForm) -> str:
    allowlist = {None: [], True: ["allowlisted"], False: ["no longer allowlisted"]}[form.allowlist]
    enabled = [f"{route.route_name} enabled" for route in form.enable]
    return ", ".join([*allowlist, *enabled, *(f"{route.route_name} disabled" for route in form.disable)])
