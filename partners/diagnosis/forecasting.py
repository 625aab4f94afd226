"""Forecast what a key will be able to call, before it is issued or its scopes are changed."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from partners.catalogue.reasons import Reason
from partners.catalogue.remedies import REMEDIES
from partners.catalogue.remedy import Remedy
from partners.catalogue.routes import Route, Scope
from partners.decision import facts
from partners.decision.policy import AccessRequest, CheckOutcome, every_check, first_refusal
from partners.diagnosis.possible_calls import PossibleCalls
from partners.keys import digests
from partners.models import ApiKey, Organization


@dataclass(frozen=True, slots=True)
class Forecast:
    """The result that a call on one route would have."""

    call: AccessRequest

    @property
    def route(self) -> Route:
        return self.call.route

    @property
    def refusal(self) -> Reason | None:
        """Return the first blocker before the query is read, or None if there is none."""
        return first_refusal(self.call)

    @property
    def passes(self) -> bool:
        return self.refusal is None

    @property
    def left_out(self) -> bool:
        """Return True if nothing blocks the call but a route or a scope that staff didn't choose."""
        reasons = {reason for reason, _ in self.obstacles}
        return bool(reasons) and reasons <= {Reason.ROUTE_NOT_ALLOWED, Reason.MISSING_SCOPE}

    @property
    def obstacles(self) -> list[tuple[Reason, Remedy]]:
        """Return everything that blocks the call, in the order of the checks, and who can fix it."""
        failed = [check.reason for check in every_check(self.call) if check.outcome is CheckOutcome.FAILED]
        return [(reason, REMEDIES[reason]) for reason in failed]

    @property
    def missing(self) -> list[Scope]:
        """Return the scopes that the route requires and the key doesn't hold."""
        held = self.call.scopes or frozenset()
        return [scope for scope in self.route.scopes if scope not in held]


def of_new_key(
    organization: Organization,
    scopes: Iterable[Scope],
    *,
    is_test: bool,
    allowlisted: bool = False,
    routes: Iterable[Route] = (),
) -> list[Forecast]:
    """Return a forecast for each route that staff enable, for a key that isn't issued yet.

    `allowlisted` and `routes` are the access that the organization gets together with the key.
    """
    enabled = [*map(Route.named, organization.enabled_routes()), *routes]
    possible = PossibleCalls.of(organization, allowlisted=organization.allowlisted or allowlisted, routes=enabled)
    number = digests.current() if digests.loaded() else 0  # 0 is never loaded
    key = ApiKey(is_test=is_test, digest_key_number=number)
    return [Forecast(call) for call in possible.with_key(key, scopes)]


def of_key(
    key: ApiKey, scopes: Iterable[Scope] | None = None, *, routes: Iterable[Route] = Route.grantable()
) -> list[Forecast]:
    """Return a forecast for each route, for a key as it is or as if it held `scopes`.

    The calls are assumed to come from networks that the key may be used from.
    """
    holders = [facts.of_holder(key.public_part, is_test=key.is_test, route=route) for route in routes]
    calls = [replace(call, source_allowed=True) for call in holders]
    return [Forecast(call if scopes is None else replace(call, scopes=frozenset(scopes))) for call in calls]


def idle(forecasts: Iterable[Forecast], scopes: Iterable[Scope]) -> list[Scope]:
    """Return those of the scopes that no enabled route uses."""
    used = {scope for each in forecasts if each.call.route_enabled for scope in each.route.scopes}
    return [scope for scope in scopes if scope not in used]


def opened(before: Iterable[Forecast], after: Iterable[Forecast]) -> list[Route]:
    """Return the routes that pass after a change but didn't pass before it."""
    closed = {each.route for each in before if not each.passes}
    return [each.route for each in after if each.passes and each.route in closed]
