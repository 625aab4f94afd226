"""The page that creates an organization: from nothing, or from an access request."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from partners.admin.base import needs, render
from partners.admin.organizations.changing import PAGE
from partners.admin.organizations.forms import NewOrganizationForm
from partners.models import OnboardingRequest, OnboardingState, Organization
from partners.models.onboarding.request import DECIDED

LONGEST_PURPOSE = 200  # characters, of an organization
FACTS = ("contact_name", "contact_email", "purpose")
ASKED = "access_request"  # the request in the URL, which stays there when the form is submitted


@needs("partners.add_organization")
def create(request: HttpRequest) -> HttpResponse:
    """Create an organization, then go to its page, or to the access that was asked for."""
    asked = _asked(request)
    if asked and asked.state is not OnboardingState.WAITING:
        messages.warning(request, DECIDED)
        return redirect("admin:access_request", asked.pk)
    form = NewOrganizationForm(request.POST if request.method == "POST" else None, initial=asked and _facts(asked))
    organization = form.attempt(lambda: _create(request, form, asked), "name") if form.is_valid() else None
    if organization is None:
        template = "partners/organization_form.html"
        return render(request, template, title="New organization", form=form, asked=asked)
    messages.success(request, f"{organization.name} was created. It can't call the API yet.")
    return redirect(access_asked_for(asked) if asked and asked.preset else reverse(PAGE, args=[organization.pk]))


def access_asked_for(asked: OnboardingRequest) -> str:
    """Return the page of the organization's access, with the boxes ticked that were asked for. Nothing is saved."""
    routes = [route.route_name for route in asked.preset.routes] if asked.preset else []
    page = reverse("admin:partners_organization_access", args=[asked.organization_id])
    return f"{page}?{urlencode({'allowlist': 1, 'route': routes}, doseq=True)}"


def _asked(request: HttpRequest) -> OnboardingRequest | None:
    """Return the access request that the URL names, if it names one."""
    if ASKED not in request.GET:
        return None
    if not request.user.has_perm("partners.decide_onboardingrequest"):
        raise PermissionDenied
    return get_object_or_404(OnboardingRequest, public_id=request.GET[ASKED])


def _facts(asked: OnboardingRequest) -> dict[str, Any]:
    """Return what the form begins with. A purpose that is too long for its field is left to staff to shorten."""
    purpose = " ".join(asked.purpose.split())
    return {
        "name": asked.organization_name,
        "contact_name": asked.contact_name,
        "contact_email": asked.contact_email,
        "purpose": purpose if len(purpose) <= LONGEST_PURPOSE else "",
    }


def _create(request: HttpRequest, form: NewOrganizationForm, asked: OnboardingRequest | None) -> Organization:
    change, facts = form.change(request), {name: form.cleaned_data[name] for name in FACTS}
    with transaction.atomic():
        organization = Organization.create(form.cleaned_data["name"], change, **facts)
        if asked:
            asked.accept(change, organization)
    return organization
