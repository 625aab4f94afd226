"""How staff change an organization: a form, the model's method, and the message afterwards."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import model_to_dict
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from partners.admin.base import change, render
from partners.admin.forms import ChangeForm
from partners.models import Organization
from partners.models.change import Change

PAGE = "admin:partners_organization_change"


@dataclass(frozen=True, slots=True)
class Verb:
    """One change of an organization: the title of its page, its form, the call that makes it, and the message.

    `apply` gets the form's cleaned data, and returns True if anything changed.
    """

    title: str
    form: type[ChangeForm]
    apply: Callable[[Organization, Change, dict[str, Any]], bool]
    done: str


def change_by(verb: Verb, request: HttpRequest, pk: int) -> HttpResponse:
    """Show the form, change the organization, and go back to its page."""
    organization = get_object_or_404(Organization, pk=pk)
    form = verb.form(request.POST if request.method == "POST" else None, initial=model_to_dict(organization))
    if form.is_valid() and _changed(verb, request, organization, form):
        return redirect(PAGE, organization.pk)
    return render(request, "partners/organization_form.html", title=verb.title, organization=organization, form=form)


def _changed(verb: Verb, request: HttpRequest, organization: Organization, form: ChangeForm) -> bool:
    given = form.cleaned_data
    why = change(request, reason=given["reason"], ticket=given["ticket"])
    try:
        changed = verb.apply(organization, why, given)
    except ValidationError as refusal:
        form.refuse(refusal)
        return False
    messages.success(request, verb.done if changed else "Nothing to change: already up to date.")
    return True
