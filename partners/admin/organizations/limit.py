"""The page that limits the calls of an organization."""

from django.http import HttpRequest, HttpResponse

from partners.admin.base import needs
from partners.admin.organizations.changing import change_by
from partners.admin.organizations.forms import LimitForm
from partners.admin.verbs import Verb
from partners.models import Organization

LIMIT: Verb[Organization] = Verb(
    "Change limit",
    LimitForm,
    lambda organization, why, given: organization.set_limit(why, given["calls_per_minute"]),
    "Limit saved. It applies from the next call.",
)


@needs("partners.change_organization")
def change_limit(request: HttpRequest, pk: int) -> HttpResponse:
    """Limit the calls a minute of all keys of the organization together, or remove the limit."""
    return change_by(LIMIT, request, pk)
