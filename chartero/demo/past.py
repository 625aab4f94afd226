"""The invented history of the demonstration's partners: rows and changes with times in the past.

Records can't be altered, so each change is inserted with its time, and each row in its current state.
"""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from partners.catalogue import routes
from partners.keys import digests, tokens
from partners.models import ApiKey, KeyState, Organization, RouteGrant, Scope
from partners.models.change import Action, Change, ChangeEvent

CHANGE = Change(
    by="demo",
    source="manage.py demo",
    reason="demonstration",
    approved_by="demo (second person)" if settings.FOUR_EYES else "",
)


@transaction.atomic
def organization(name: str, *, came: float) -> Organization:
    """Make an organization that was created `came` days ago, and has had full access since the next day."""
    made = Organization.objects.create(name=name, purpose="Treatment", allowlisted=True, created_at=_ago(came))
    opened = _ago(came - 1)
    RouteGrant.objects.bulk_create(
        RouteGrant(organization=made, route=route.route_name, created_at=opened) for route in routes.Route.grantable()
    )
    _record(Action.ORGANIZATION_CREATED, made.created_at, made, after={"name": name, "purpose": made.purpose})
    before, after = {"allowlisted": False, "routes": []}, {"allowlisted": True, "routes": made.enabled_routes()}
    _record(Action.ACCESS_CHANGED, opened, made, before=before, after=after)
    return made


def key(
    partner: Organization,
    label: str,
    *,
    issued: float,
    ends: float,
    scopes: Iterable[routes.Scope] = routes.Route.ENCOUNTERS_LIST.scopes,
    disabled: float | None = None,
    revoked: float | None = None,
    **description: Any,
) -> ApiKey:
    """Make a key that was issued, disabled and revoked so many days ago. Its token is not kept."""
    token, number = tokens.mint(is_test=False), digests.current()
    made = ApiKey.objects.create(
        organization=partner,
        label=label,
        public_part=token.public_part,
        digest=digests.digest(token.text, number),
        digest_key_number=number,
        created_at=_ago(issued),
        expires_at=_ago(-ends),
        disabled_at=None if disabled is None else _ago(disabled),
        revoked_at=None if revoked is None else _ago(revoked),
        **description,
    )
    made.scopes.set(Scope.objects.filter(name__in=[*scopes]))
    _record_changes(made)
    return made


def _record_changes(made: ApiKey) -> None:
    facts = {
        "expires_at": made.expires_at and made.expires_at.isoformat(),
        "scopes": list(made.scopes.values_list("name", flat=True)),
    }
    before: dict[str, Any] = {}
    for action, moment, state in (
        (Action.KEY_ISSUED, made.created_at, KeyState.ACTIVE),
        (Action.KEY_DISABLED, made.disabled_at, KeyState.DISABLED),
        (Action.KEY_REVOKED, made.revoked_at, KeyState.REVOKED),
    ):
        if moment:
            after = {"state": state.value} | facts | ({} if before else made.description)
            _record(action, moment, made.organization, made, before=before, after=after)
            before = after


def _record(
    action: Action, moment: datetime, owner: Organization | None, about: ApiKey | None = None, **facts: Any
) -> None:
    ChangeEvent.objects.create(
        action=action, occurred_at=moment, organization=owner, api_key=about, **asdict(CHANGE), **facts
    )


def _ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)
