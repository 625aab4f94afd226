"""The page that says why an organization receives patient data."""

from django.http import HttpRequest, HttpResponse

from partners.admin.base import needs
from partners.admin.organizations.changing import change_by
from partners.admin.organizations.forms import PurposeForm
from partners.admin.verbs import Verb
from partners.models import Organization

PURPOSE: Verb[Organization] = Verb(
    "Change purpose",
    PurposeForm,
    lambda organization, why, given: organization.set_purpose(why, given["purpose"]),
    "Purpose saved.",
)


@needs("partners.change_organization")
def change_purpose(request: HttpRequest, pk: int) -> HttpResponse:
    """Change why the partner receives patient data."""
    return change_by(PURPOSE, request, pk)
