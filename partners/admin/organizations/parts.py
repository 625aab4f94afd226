"""The parts of an organization's page: the tabs, the frame that all parts share, and its keys, calls and changes."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_safe

from partners.admin.base import needs, render
from partners.models import ApiKey, Approval, Organization
from partners.models.change import ABOUT_PATIENTS
from partners.record import traffic
from partners.review.approvals import waiting
from partners.usage import chart

KEYS_PER_PAGE, CHANGES_PER_PAGE = 20, 15


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its title, the name of its URL, and its permission if it takes more than seeing the organization."""

    title: str
    name: str
    permission: str = "partners.view_organization"


OVERVIEW = Part("Overview", "change")
ACCESS = Part("Access", "access")
KEYS = Part("Keys", "keys")
CALLS = Part("Calls", "calls", "partners.view_requestrecord")
CHANGES = Part("Changes", "changes")
WEBHOOKS = Part("Webhooks", "webhooks")
PARTS = (OVERVIEW, ACCESS, KEYS, WEBHOOKS, CALLS, CHANGES)


def asked_for(request: HttpRequest, organization: Organization) -> list[Approval]:
    """Return what waits for approval and is about the organization or its keys, for who may see it."""
    return waiting.about(organization) if request.user.has_perm("partners.view_apikey") else []


def show_part(
    request: HttpRequest,
    part: Part,
    organization: Organization,
    *,
    approvals: list[Approval] | None = None,
    **context: Any,
) -> HttpResponse:
    """Return one part in the frame of all: the organization's name and id, and the tabs that the person may open.

    `approvals`: what waits, if it was read already.
    """
    tabs = [
        (each, reverse(f"admin:partners_organization_{each.name}", args=[organization.pk]))
        for each in PARTS
        if request.user.has_perm(each.permission)
    ]
    name = "organization" if part is OVERVIEW else f"organization_{part.name}"
    frame: dict[str, Any] = {"title": organization.name, "organization": organization, "tabs": tabs, "part": part}
    frame["approvals"] = asked_for(request, organization) if approvals is None else approvals
    return render(request, f"partners/{name}.html", **frame, **context)


@needs(KEYS.permission)
@require_safe
def show_keys(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the keys of an organization in every state, the newest first, and the links that wait to be used."""
    organization = get_object_or_404(Organization, pk=pk)
    keys = Paginator(organization.api_keys.prefetch_related("scopes"), KEYS_PER_PAGE)
    handovers = organization.handovers.waiting().select_related("replaces")[:KEYS_PER_PAGE]
    return show_part(request, KEYS, organization, keys=keys.get_page(request.GET.get("page")), handovers=handovers)


@needs(CALLS.permission)
@require_safe
def show_calls(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the recent calls with all keys of an organization."""
    organization = get_object_or_404(Organization, pk=pk)
    return show_part(
        request,
        CALLS,
        organization,
        last_used=last_used(organization),
        traffic=traffic.of_organization(organization),
        usage=chart.of_organization(organization, request.GET.get("usage", "")),
    )


@needs(CHANGES.permission)
@require_safe
def show_changes(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the changes of an organization and of its keys, the newest first."""
    organization = get_object_or_404(Organization, pk=pk)
    events = organization.events.select_related("api_key")
    if not request.user.has_perm("partners.account_disclosures"):  # not everyone may see who asked about which patient
        events = events.exclude(action__in=ABOUT_PATIENTS)
    changes = Paginator(events, CHANGES_PER_PAGE).get_page(request.GET.get("page"))
    return show_part(request, CHANGES, organization, changes=changes)


def last_used(organization: Organization) -> ApiKey | None:
    """Return the key with which a call was served last."""
    return organization.api_keys.exclude(last_used_at=None).order_by("-last_used_at").first()
