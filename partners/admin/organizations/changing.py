"""How staff change an organization: the page of a verb, which asks for the change and makes it."""

from django.forms import model_to_dict
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from partners.admin.base import render
from partners.admin.verbs import Verb
from partners.models import Organization

PAGE = "admin:partners_organization_change"


def change_by(verb: Verb[Organization], request: HttpRequest, pk: int, *, then: str = PAGE) -> HttpResponse:
    """Show the form, change the organization, and go back to its page, or to the part of it that shows the change."""
    organization = get_object_or_404(Organization, pk=pk)
    form = verb.form(request.POST if request.method == "POST" else None, initial=model_to_dict(organization))
    if form.is_valid() and verb.carry_out(request, organization, form):
        return redirect(then, organization.pk)
    return render(request, "partners/organization_form.html", title=verb.title, organization=organization, form=form)
