"""The facts of calls that no one has made: by the holder of a key, as the stored rows or a plan say.

The API reads its facts in `partners.decision.facts`, one call at a time. Pages ask about many keys and routes at once,
or about a key that does not exist yet. The tests hold both to the same answers.
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
class Common:
    """What every call of one organization has in common, whichever key it carries: one call per route."""

    calls: tuple[AccessRequest, ...]

    @classmethod
    def of(cls, organization: Organization, *, allowlisted: bool, routes: Collection[Route]) -> "Common":
        """Return the facts for an organization that is given this access. The token is taken to be right."""
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
        return cls(tuple(replace(call, route=route, route_enabled=route in routes) for route in Route))

    def with_key(self, key: ApiKey, scopes: Iterable[str]) -> tuple[AccessRequest, ...]:
        """Return the call with this key on each route. The key may be unsaved: a key that is not issued yet."""
        facts: dict[str, Any] = {
            "test_prefix": key.is_test,
            "digest_key_loaded": key.digest_key_number in digests.loaded(),
            "key_id": key.public_id,
            "disabled": key.disabled_at is not None,
            "revoked": key.revoked_at is not None,
            "expired": key.expires_at is not None and key.expires_at <= timezone.now(),
            "scopes": frozenset(scopes),
        }
        return tuple(replace(call, **facts) for call in self.calls)
