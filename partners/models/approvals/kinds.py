"""The changes that a second person approves: `KINDS` has one entry for each. To add one, add an entry.

A kind says which permissions its change needs, what it replaces, and how it is made. Its facts are JSON and never hold
a secret. If a secret is shown to the person who asked, that person carries the change out (`Approval.issue()`).
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError

from partners.catalogue.events import EventType
from partners.catalogue.routes import Route, Scope
from partners.models.approvals.key import WantedKey
from partners.models.change import Change
from partners.models.handover.row import KeyHandover
from partners.models.webhooks.endpoint import WebhookEndpoint

if TYPE_CHECKING:
    from partners.models.approvals.approval import Approval

Facts = dict[str, Any]
OPENS = "partners.change_organization"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of change.

    `before` returns the facts that it would replace now, and `after` the same facts once it is made; something new
    replaces nothing. `carry_out` makes the change, and returns the hand-over whose link is to be sent, if there is one.
    It raises ValidationError if the change isn't possible anymore. `repeats` compares the facts of two requests about
    the same row, and returns True if they ask for the same. `afterwards` says what an approval has done.
    """

    title: str
    permissions: Callable[[Facts], list[str]]
    before: Callable[["Approval"], Facts]
    after: Callable[["Approval", Facts], Facts]
    carry_out: Callable[["Approval", Change], KeyHandover | None]
    repeats: Callable[[Facts, Facts], bool] = operator.eq
    afterwards: str = "The change takes effect with the next call."


def _access_now(approval: "Approval") -> Facts:
    organization: Any = approval.organization
    return {"allowlisted": organization.allowlisted, "routes": organization.enabled_routes()}


def _more_access(approval: "Approval", before: Facts) -> Facts:
    names = {*before["routes"], *approval.facts["enable"]}
    return {
        "allowlisted": before["allowlisted"] or approval.facts["allowlist"],
        "routes": [route.route_name for route in Route if route.route_name in names],
    }


def _give_access(approval: "Approval", change: Change) -> None:
    organization: Any = approval.organization
    routes = [route for route in Route.grantable() if route.route_name in approval.facts["enable"]]
    allowlisted = approval.facts["allowlist"] or None
    _require_any(organization.set_access(change, allowlisted=allowlisted, enable=routes))


def _scopes_now(approval: "Approval") -> Facts:
    key: Any = approval.api_key
    return {"scopes": [scope.name for scope in key.scopes.all()]}


def _more_scopes(approval: "Approval", before: Facts) -> Facts:
    names = {*before["scopes"], *approval.facts["scopes"]}
    return {"scopes": [scope.value for scope in Scope if scope.value in names]}


def _add_scopes(approval: "Approval", change: Change) -> None:
    key: Any = approval.api_key
    _require_any(key.add_scopes([scope for scope in Scope if scope.value in approval.facts["scopes"]], change))


def _require_any(changed: bool) -> None:
    if not changed:
        raise ValidationError(
            "Nothing is left to approve: somebody made this change meanwhile. Decline the request.", code="nothing_left"
        )


def _wanted(approval: "Approval") -> WantedKey:
    return WantedKey.of(approval.organization, approval.facts)


def _allow_key(approval: "Approval", change: Change) -> KeyHandover | None:
    """Open the access, and prepare the link. A key that is shown is issued later, and opens nothing then."""
    wanted = _wanted(approval)
    wanted.open(change)
    return wanted.prepare(change, approval.asker) if wanted.by_link else None


def _permissions_of_key(facts: Facts) -> list[str]:
    return ["partners.issue_apikey", *([OPENS] if WantedKey.of(None, facts).opens else [])]


def _add_endpoint(approval: "Approval", change: Change) -> None:
    organization: Any = approval.organization
    events = [each for each in EventType.public() if each.value in approval.facts["events"]]
    WebhookEndpoint.add(change, organization=organization, url=approval.facts["url"], events=events)


ACCESS, SCOPES, KEY, ENDPOINT = "access", "scopes", "key", "endpoint"
KINDS: dict[str, Kind] = {
    ACCESS: Kind(
        title="Enable access",
        permissions=lambda facts: [OPENS],
        before=_access_now,
        after=_more_access,
        carry_out=_give_access,
    ),
    SCOPES: Kind(
        title="Add scopes",
        permissions=lambda facts: ["partners.scope_apikey"],
        before=_scopes_now,
        after=_more_scopes,
        carry_out=_add_scopes,
    ),
    KEY: Kind(
        title="Issue a key",
        permissions=_permissions_of_key,
        before=lambda approval: {},
        after=lambda approval, before: _wanted(approval).shown,
        carry_out=_allow_key,
        repeats=lambda one, other: bool(one["label"] == other["label"]),
    ),
    ENDPOINT: Kind(
        title="Add a webhook endpoint",
        permissions=lambda facts: [OPENS],
        before=lambda approval: {},
        after=lambda approval, before: approval.facts,
        carry_out=_add_endpoint,
        repeats=lambda one, other: bool(one["url"] == other["url"]),
        afterwards="The endpoint is on. Hand over its signing secret from its page.",
    ),
}
