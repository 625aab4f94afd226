"""The page that changes the contact at a partner."""

from django.http import HttpRequest, HttpResponse

from partners.admin.base import needs
from partners.admin.organizations.changing import change_by
from partners.admin.organizations.forms import ContactForm
from partners.admin.verbs import Verb
from partners.models import Organization

CONTACT: Verb[Organization] = Verb(
    "Change contact",
    ContactForm,
    lambda organization, why, given: organization.set_contact(
        why, name=given["contact_name"], email=given["contact_email"]
    ),
    "Contact saved.",
)


@needs("partners.change_organization")
def change_contact(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the contact at the partner."""
    return change_by(CONTACT, request, pk)
