"""Changes that may need a second person: made at once as far as they take access away, and asked for otherwise.

Pages and commands change access, scopes, keys and endpoints only through these functions. The models refuse what passes
them by.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from partners.catalogue.events import EventType
from partners.catalogue.routes import Route, Scope
from partners.formats import endpoint_urls
from partners.models import ApiKey, Approval, Organization, WebhookEndpoint
from partners.models.approvals.key import NEVER_SAVED, WantedKey
from partners.models.approvals.kinds import ACCESS, ENDPOINT, KEY, SCOPES
from partners.models.change import Change
from partners.models.handover.obstacles import contact_of
from partners.models.organization import missing_in, refuse_impossible
from partners.review.approvals import mail
from partners.review.mail import link_mail

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Tell = Callable[[Approval], None]  # what tells staff of a request


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether anything was changed at once, and the request for the rest, if there is one."""

    changed: bool
    approval: Approval | None = None


def set_access(
    organization: Organization,
    change: Change,
    asker: "User | None",
    *,
    allowlisted: bool | None = None,
    enable: Iterable[Route] = (),
    disable: Iterable[Route] = (),
    tell: Tell = mail.tell_staff,
) -> Outcome:
    """Change what an organization may call. What is taken away is taken away at once.

    `tell` gets the request, if there is one.
    """
    enable, disable = {*enable}, {*disable}
    refuse_impossible(enable, disable)
    new = missing_in(organization.enabled_routes(), enable)
    allowlist = bool(allowlisted) and not organization.allowlisted
    if not settings.FOUR_EYES or not (new or allowlist):
        changed = organization.set_access(change, allowlisted=allowlisted, enable=enable, disable=disable)
        return Outcome(changed)
    facts = {"allowlist": allowlist, "enable": [route.route_name for route in new]}
    with transaction.atomic():
        changed = organization.set_access(change, allowlisted=None if allowlisted else allowlisted, disable=disable)
        approval = Approval.ask(ACCESS, facts, change, asker, organization=organization)
    tell(approval)
    return Outcome(changed, approval)


def set_scopes(key: ApiKey, scopes: Iterable[Scope], change: Change, asker: "User | None") -> Outcome:
    """Replace the scopes of a key. Those that are removed stop working at once."""
    scopes, held = [*scopes], {scope.name for scope in key.scopes.all()}
    new = [scope for scope in scopes if scope.value not in held]
    if not settings.FOUR_EYES or key.is_test or not new:
        key.set_scopes(scopes, change)
        return Outcome(True)
    facts = {"scopes": [scope.value for scope in new]}
    kept = [scope for scope in scopes if scope not in new]
    with transaction.atomic():
        key.set_scopes(kept, change)
        approval = Approval.ask(SCOPES, facts, change, asker, organization=key.organization, api_key=key)
    mail.tell_staff(approval)
    return Outcome({*kept} != held, approval)


def need_approval(*, is_test: bool = False) -> bool:
    """Return True if a new key or webhook endpoint needs a second person."""
    return bool(settings.FOUR_EYES) and not is_test


def ask_for_key(wanted: WantedKey, change: Change, asker: "User | None", *, tell: Tell = mail.tell_staff) -> Approval:
    """Ask for a live key; raise what `ApiKey.issue()` would raise, and ValidationError if no link can be sent."""
    wanted.check(change)
    if wanted.by_link:
        link_mail.require_mail()
        if wanted.organization is None:
            raise ValidationError("A key of no organization can't be handed over by link.", code="no_contact")
        contact_of(wanted.organization)
    approval = Approval.ask(
        KEY, wanted.facts, change, asker, organization=wanted.organization, by_asker=not wanted.by_link
    )
    tell(approval)
    return approval


def ask_for_endpoint(
    organization: Organization, change: Change, asker: "User | None", *, url: str, events: Iterable[EventType]
) -> Approval:
    """Ask for a webhook endpoint; raise what `WebhookEndpoint.add()` would raise."""
    events = [*events]
    with transaction.atomic():
        approved = replace(change, approved_by=NEVER_SAVED)
        WebhookEndpoint.add(approved, organization=organization, url=url, events=events)
        transaction.set_rollback(True)
    facts = {"url": endpoint_urls.kept(url), "events": [each.value for each in events]}
    approval = Approval.ask(ENDPOINT, facts, change, asker, organization=organization)
    mail.tell_staff(approval)
    return approval
