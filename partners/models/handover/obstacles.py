"""What forbids a key although its link works: what has changed since staff described it.

Staff decided to give the key when they sent the link. The collection must not go beyond what they would decide now, so
everything that withdraws trust forbids it: from the organization, its contact, the sender, or the key that is replaced.
What only limits calls doesn't, such as a disabled route, because each call is checked anyway.
"""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from partners.catalogue import routes
from partners.models.change import Action
from partners.models.organization import Organization
from partners.models.webhooks.endpoint import WebhookEndpoint

if TYPE_CHECKING:
    from partners.models.handover.link import Link
    from partners.models.handover.row import KeyHandover


def found(handover: "KeyHandover") -> ValidationError | None:
    """Return the first obstacle, with what staff can do, or None."""
    if not handover.organization.allowlisted:
        return ValidationError("The organization is not allowlisted. Allowlist it first.", code="not_allowlisted")
    if not _is_trusted(handover):
        return ValidationError(
            f"{handover.sent_by}, who sent the link, may no longer do so. Send a new link.", code="sender_not_trusted"
        )
    if handover.sent_to and handover.sent_to != handover.organization.contact_email:
        return ValidationError(
            "The organization's contact has another e-mail address since the link was sent. Send a new link.",
            code="contact_changed",
        )
    if handover.endpoint is not None:
        return _of_secret(handover, handover.endpoint)
    if handover.replaces is not None:
        return handover.replaces.refusal(Action.KEY_ROTATED)
    if settings.FOUR_EYES and not handover.is_test and not handover.approved_by:
        return ValidationError(
            "This key was not approved by a second person. Withdraw the link, and ask for the key again.",
            code="not_approved",
        )
    gone = [name for name in handover.scopes if name not in [*routes.Scope]]
    if gone:
        return ValidationError(f"There is no scope {gone[0]} anymore. Describe the key again.", code="scope_gone")
    return None


def _of_secret(handover: "KeyHandover", endpoint: WebhookEndpoint) -> ValidationError | None:
    if endpoint.newest_generation == handover.generation and endpoint.is_unshown:
        return None
    message = "A newer secret was made since, or somebody has seen this one. Withdraw the link."
    return ValidationError(message, code="secret_replaced")


def contact_of(organization: Organization) -> str:
    """Return the e-mail address of the organization's contact; raise ValidationError if there is no valid one."""
    try:
        validate_email(organization.contact_email)
    except ValidationError:
        raise ValidationError("The organization has no contact with an e-mail address.", code="no_contact") from None
    return organization.contact_email


def require_no_code(handover: "Link") -> None:
    """Raise ValidationError if the second person approved the link only together with a code by phone."""
    approved: Any = type(handover)._default_manager.filter(pk=handover.pk)
    if handover.approved_by and approved.filter(approval__facts__phone_code=True).exists():
        raise ValidationError("It was approved with a code by phone. Send it with a code.", code="code_required")


def _is_trusted(handover: "KeyHandover") -> bool:
    """Return True if the person who sent the link may still do so; commands need no permission."""
    sender = handover.sender
    return sender is None or (sender.is_active and sender.has_perm(handover.permission))
