"""The page that says for what an organization gets patients' data."""

from django.http import HttpRequest, HttpResponse

from partners.admin.base import needs
from partners.admin.organizations.changing import Verb, change_by
from partners.admin.organizations.forms import PurposeForm

PURPOSE = Verb(
    "Change purpose",
    PurposeForm,
    lambda organization, why, given: organization.set_purpose(why, given["purpose"]),
    "Purpose saved.",
)


@needs("partners.change_organization")
def change_purpose(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the purpose of the disclosures to the partner."""
    return change_by(PURPOSE, request, pk)
