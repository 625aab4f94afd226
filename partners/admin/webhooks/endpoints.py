"""The endpoints of an organization, and the page of one: its state, its secret, and its deliveries."""

import time

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from partners.admin.base import needs, render
from partners.admin.lists.paging import BoundedPaginator
from partners.admin.organizations.parts import WEBHOOKS, show_part
from partners.admin.verbs import Verb
from partners.admin.webhooks.forms import FAILED, FilterForm, ReplayForm, SwitchForm
from partners.finding.found import SHOWN
from partners.models import Organization, WebhookDelivery, WebhookEndpoint
from partners.models.change import Change
from partners.signin.base import change_by
from partners.webhooks import guard

PAGE = "admin:webhook_endpoint"
SEES, CHANGES = "partners.view_organization", "partners.change_organization"
PER_PAGE = 20
LOOKUP_SECONDS = 2.0

SWITCH_OFF: Verb[WebhookEndpoint] = Verb(
    "Switch endpoint off",
    SwitchForm,
    lambda endpoint, change, given: endpoint.switch_off(change),
    "Endpoint switched off. Nothing is sent to it.",
)
SWITCH_ON: Verb[WebhookEndpoint] = Verb(
    "Switch endpoint on",
    SwitchForm,
    lambda endpoint, change, given: endpoint.switch_on(change),
    "Endpoint switched on. Replay what it has missed.",
)


@needs(SEES)
@require_safe
def show_of_organization(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the endpoints of an organization, the newest first."""
    organization = get_object_or_404(Organization, pk=pk)
    endpoints = BoundedPaginator(organization.webhook_endpoints.order_by("-created_at", "-pk"), PER_PAGE)
    page = endpoints.get_page(request.GET.get("page"))
    return show_part(request, WEBHOOKS, organization, endpoints=page)


@needs(SEES)
@require_safe
def show(request: HttpRequest, endpoint: int) -> HttpResponse:
    """Show one endpoint with its newest deliveries."""
    row = _endpoint(endpoint)
    form = FilterForm(request.GET, label_suffix="")
    found = row.deliveries.filter(form.wanted).select_related("event").prefetch_related("history")
    page = BoundedPaginator(found.order_by("-created_at", "-pk"), PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "partners/webhooks/endpoint.html",
        title="Webhook endpoint",
        endpoint=row,
        form=form,
        deliveries=page,
        handovers=row.handovers.select_related("organization", "replaces", "endpoint")[:SHOWN],
        events=row.changes[:PER_PAGE],
    )


@needs(CHANGES)
@require_POST
def send_test(request: HttpRequest, endpoint: int) -> HttpResponse:
    """Have a test event sent, unless the guard refuses the URL already; then go to its delivery."""
    row = _endpoint(endpoint)
    try:
        guard.resolve(row.url, deadline=time.monotonic() + LOOKUP_SECONDS)
    except (guard.Forbidden, guard.Unresolved) as refused:
        messages.error(request, f"No test event was sent. {refused.reason}")
        return redirect(PAGE, row.pk)
    delivery = row.send_test(change_by(request))
    messages.success(request, "The test event is sent within seconds. Reload this page to see the answer.")
    return redirect("admin:webhook_delivery", delivery.pk)


@needs(CHANGES)
def switch_off(request: HttpRequest, endpoint: int) -> HttpResponse:
    """Send nothing more to an endpoint."""
    return _change(request, SWITCH_OFF, endpoint)


@needs(CHANGES)
def switch_on(request: HttpRequest, endpoint: int) -> HttpResponse:
    """Send events to an endpoint again."""
    return _change(request, SWITCH_ON, endpoint)


@needs(CHANGES)
def replay(request: HttpRequest, endpoint: int) -> HttpResponse:
    """Send an endpoint again what failed, or everything of a period."""
    row = _endpoint(endpoint)
    form = ReplayForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        number = _replayed(row, form, form.change(request))
        messages.success(request, f"{number:,} deliver{'y is' if number == 1 else 'ies are'} sent again.")
        return redirect(PAGE, row.pk)
    return render(request, "partners/webhooks/step.html", title="Send again", endpoint=row, form=form)


def _replayed(endpoint: WebhookEndpoint, form: ReplayForm, change: Change) -> int:
    wanted = WebhookDelivery.objects.filter(form.occurred, endpoint=endpoint)
    return (wanted.failed() if form.cleaned_data["which"] == FAILED else wanted).replay(change)


def _change(request: HttpRequest, verb: Verb[WebhookEndpoint], pk: int) -> HttpResponse:
    endpoint = _endpoint(pk)
    form = verb.form(request.POST if request.method == "POST" else None)
    if form.is_valid() and verb.carry_out(request, endpoint, form):
        return redirect(PAGE, endpoint.pk)
    return render(request, "partners/webhooks/step.html", title=verb.title, endpoint=endpoint, form=form)


def _endpoint(pk: int) -> WebhookEndpoint:
    return get_object_or_404(WebhookEndpoint.objects.select_related("organization"), pk=pk)
