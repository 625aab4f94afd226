"""The page of one organization: its access and what its keys can call, its contact, calls, keys and changes."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from partners.admin.base import needs, render
from partners.admin.model_admin import get_row
from partners.admin.organizations import first_call
from partners.admin.organizations.changing import PAGE, change_by
from partners.admin.organizations.forms import AccessForm, ContactForm
from partners.admin.verbs import UP_TO_DATE, Verb
from partners.catalogue.routes import Route
from partners.diagnosis import contradictions
from partners.diagnosis.grid import Access, Grid
from partners.models import ApiKey, Organization
from partners.models.change import Action
from partners.record import traffic

SHOWN, CHANGES_PER_PAGE = 50, 20
CONTACT: Verb[Organization] = Verb(
    "Change contact",
    ContactForm,
    lambda organization, why, given: organization.set_contact(
        why, name=given["contact_name"], email=given["contact_email"]
    ),
    "Contact saved.",
)


@needs("partners.view_organization")
def show(request: HttpRequest, object_id: str) -> HttpResponse:
    """Show one organization, by its primary key or its `org_…` id."""
    organization = get_row(Organization.objects.all(), object_id)
    grid = Grid.of(organization)
    keys = organization.api_keys.prefetch_related("scopes")
    events = organization.events.select_related("api_key")
    if not request.user.has_perm("partners.account_disclosures"):  # not everyone may see who asked about which patient
        events = events.exclude(action=Action.DISCLOSURES_ACCOUNTED)
    last_used = organization.api_keys.exclude(last_used_at=None).order_by("-last_used_at").first()
    return render(
        request,
        "partners/organization.html",
        title=organization.name,
        organization=organization,
        grid=grid,
        judged=grid.rows[:SHOWN],
        steps=first_call.steps(organization, grid, called=last_used is not None),
        contradictions=contradictions.find_contradictions(grid) if grid.rows else [],
        form=AccessForm.showing(grid.access),
        keys=keys[:SHOWN],
        key_count=keys.count(),
        last_used=last_used,
        traffic=traffic.of_organization(organization) if request.user.has_perm("partners.view_requestrecord") else None,
        changes=Paginator(events, CHANGES_PER_PAGE).get_page(request.GET.get("page")),
    )


@needs("partners.change_organization")
def change_access(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what the organization may call. Taking away what active keys use needs a confirmation."""
    organization = get_object_or_404(Organization, pk=pk)
    losses: list[tuple[ApiKey, list[Route]]] = []
    if request.method == "POST":
        form = AccessForm(request.POST)
        if form.is_valid():
            losses = _unconfirmed_losses(organization, form)
            if not losses and _save_access(request, organization, form):
                return redirect(PAGE, organization.pk)
    else:
        form = AccessForm.showing(Access.of(organization), _suggested(request))
    return render(
        request,
        "partners/organization_access.html",
        title="Change access",
        organization=organization,
        form=form,
        losses=losses[:SHOWN],
        loss_count=len(losses),
    )


def _suggested(request: HttpRequest) -> Access:
    """Return the access that a link from a refusal asks for. Nothing is saved by it."""
    wanted = request.GET.getlist("route")
    return Access(
        "allowlist" in request.GET, frozenset(route for route in Route.grantable() if route.route_name in wanted)
    )


def _unconfirmed_losses(organization: Organization, form: AccessForm) -> list[tuple[ApiKey, list[Route]]]:
    if form.cleaned_data["confirmed"] == form.switched_off:
        return []
    grid = Grid.of(organization)
    return grid.losses(form.on_top_of(grid.access))


def _save_access(request: HttpRequest, organization: Organization, form: AccessForm) -> bool:
    changed = form.attempt(
        lambda: organization.set_access(
            form.change(request), allowlisted=form.allowlist, enable=form.enable, disable=form.disable
        )
    )
    if changed:
        messages.success(request, f"Saved: {_summary(form)}.")
    elif changed is not None:
        messages.info(request, UP_TO_DATE)
    return changed is not None


def _summary(form: AccessForm) -> str:
    allowlist = {None: [], True: ["allowlisted"], False: ["no longer allowlisted"]}[form.allowlist]
    enabled = [f"{route.route_name} enabled" for route in form.enable]
    return ", ".join([*allowlist, *enabled, *(f"{route.route_name} disabled" for route in form.disable)])


@needs("partners.change_organization")
def change_contact(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the contact at the partner."""
    return change_by(CONTACT, request, pk)
