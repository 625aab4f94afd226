"""The facts of calls that a key's holder could make, for pages that show what keys can call.

The API reads the facts of one call at a time, in `partners.decision.facts`. Pages need those of many keys and routes at
once, or of a key that isn't issued yet. Tests check that both lead to the same answers.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.utils import timezone

from partners.catalogue.routes import Route
from partners.decision.policy import AccessRequest
from partners.keys import digests
from partners.models import ApiKey, ApiKeySwitch, Organization


@dataclass(frozen=True, slots=True)
class PossibleCalls:
    """The facts that all calls of one organization have in common, whichever key they carry: one call per route.

    They come from networks that the key may be used from, and reach no limit: a limit blocks a call for a minute at
    most.
    """

    calls: tuple[AccessRequest, ...]

    @classmethod
    def of(cls, organization: Organization, *, allowlisted: bool, routes: Collection[Route]) -> "PossibleCalls":
        """Return the facts for an organization with this access, for calls whose token is right."""
        call = AccessRequest(
            Route.ENCOUNTERS_LIST,
            bearer=True,
            switched_on=ApiKeySwitch.is_on(),
            accepts_test_keys=settings.ACCEPT_TEST_KEYS,
            well_formed=True,
            secret_matches=True,
            organization_pk=organization.pk,
            organization_id=organization.public_id,
            allowlisted=allowlisted,
        )
        return cls(tuple(call.on(route, enabled=route in routes) for route in Route.grantable()))

    def with_key(self, key: ApiKey, scopes: Iterable[str]) -> tuple[AccessRequest, ...]:
        """Return the facts of a call with this key on each route. The key may be unsaved."""
        facts: dict[str, Any] = {
            "test_prefix": key.is_test,
            "digest_key_loaded": key.digest_key_number in digests.loaded(),
            "key_id": key.public_id,
            "disabled": key.disabled_at is not None,
            "revoked": key.revoked_at is not None,
            "expired": key.expires_at is not None and key.expires_at <= timezone.now(),
            "source_allowed": True,
            "scopes": frozenset(scopes),
            "wait": 0,
        }
        return tuple(replace(call, **facts) for call in self.calls)
