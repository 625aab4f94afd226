"""The page that says for what an organization gets patients' data."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from partners.admin.base import change, needs, render
from partners.admin.organization_forms import PurposeForm
from partners.models import Organization

PAGE = "admin:partners_organization_change"


@needs("partners.change_organization")
def change_purpose(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the purpose of the disclosures to the partner."""
    organization = get_object_or_404(Organization, pk=pk)
    if request.method == "POST":
        form = PurposeForm(request.POST)
        if form.is_valid() and _saved(request, organization, form):
            return redirect(PAGE, organization.pk)
    else:
        form = PurposeForm(initial={"purpose": organization.purpose})
    return render(
        request, "partners/organization_form.html", title="Change purpose", organization=organization, form=form
    )


def _saved(request: HttpRequest, organization: Organization, form: PurposeForm) -> bool:
    given = form.cleaned_data
    why = change(request, reason=given["reason"], ticket=given["ticket"])
    try:
        changed = organization.set_purpose(why, given["purpose"])
    except ValidationError as refusal:
        form.refuse(refusal)
        return False
    messages.success(request, "Purpose saved." if changed else "Nothing was changed: it is so already.")
    return True
