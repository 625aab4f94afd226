"""The pages that say why an organization receives patient data, and whether it receives names."""

from django.http import HttpRequest, HttpResponse

from partners.admin.base import needs
from partners.admin.organizations.changing import change_by
from partners.admin.organizations.forms import NamesForm, PurposeForm
from partners.admin.verbs import Verb
from partners.models import Organization

PURPOSE: Verb[Organization] = Verb(
    "Change purpose",
    PurposeForm,
    lambda organization, why, given: organization.set_purpose(why, given["purpose"]),
    "Purpose saved.",
)

NAMES: Verb[Organization] = Verb(
    "Names and dates of birth",
    NamesForm,
    lambda organization, why, given: organization.set_names(why, receives=given["receives_names"]),
    "Saved. It applies from the next call.",
)


@needs("partners.change_organization")
def change_names(request: HttpRequest, pk: int) -> HttpResponse:
    """Change whether the partner receives patients' names and dates of birth."""
    return change_by(NAMES, request, pk, then="admin:partners_organization_access")


@needs("partners.change_organization")
def change_purpose(request: HttpRequest, pk: int) -> HttpResponse:
    """Change why the partner receives patient data."""
    return change_by(PURPOSE, request, pk)
