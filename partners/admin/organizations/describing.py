"""The pages where staff describe an organization, and comment on it."""

from django.http import HttpRequest, HttpResponse

from partners.admin.base import needs
from partners.admin.description import DESCRIBE_TITLE, CommentForm, DescriptionForm
from partners.admin.organizations.changing import change_by
from partners.admin.verbs import Verb
from partners.models import Organization

DESCRIBE: Verb[Organization] = Verb(
    DESCRIBE_TITLE,
    DescriptionForm,
    lambda organization, why, given: organization.describe(why, **DescriptionForm.description_in(given)),
    "Owner, note and tags saved.",
)
COMMENT: Verb[Organization] = Verb(
    "Comment", CommentForm, lambda organization, why, given: organization.comment(why), "Comment added."
)


@needs("partners.change_organization")
def describe(request: HttpRequest, pk: int) -> HttpResponse:
    """Change who is responsible for an organization, its note and its tags."""
    return change_by(DESCRIBE, request, pk)


@needs("partners.comment_changeevent")
def comment(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a comment to the timeline of an organization."""
    return change_by(COMMENT, request, pk, then="admin:partners_organization_changes")
