"""The decision point: the policy of checks 1–11, and the two ways to read it.

A policy is an ordered tuple of rules about one set of facts. `decide()` returns the first refusal, `explain()` every
check. Both use the same rules. The resources that are served have policies of the same kind.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Generic, TypeVar

from partners.catalogue.reasons import Reason, Stage
from partners.catalogue.routes import Route

Facts = TypeVar("Facts")


@dataclass(frozen=True, slots=True)
class Rule(Generic[Facts]):
    """One check. `denies` returns True if the facts demand this refusal, and None if they don't say."""

    reason: Reason
    denies: Callable[[Facts], bool | None]


class CheckOutcome(StrEnum):
    """The result of a check. `unknown`: an earlier check failed and left nothing to check."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """One check and its result. `field` is the query parameter at fault, if there is one."""

    reason: Reason
    outcome: CheckOutcome
    field: str | None = None


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """What is known about a call before its query is read. None means unknown, because an earlier check fails.

    `wait`: the seconds until another call is allowed, 0 if none has to be waited for. The facts after it decide
    nothing. Counting the call needs the limits, in calls a minute, with 0 for none; the record of the answer needs the
    rest. `use_noted`: a use of the route in this minute is already recorded. `network_known`: the key has called from
    this network before. `network_noted`: a served call from it on this day is already recorded. `source_watched`: the
    key's networks are watched, and the call comes from none of them. `digest_key_number`: the digest key
    under which the key is stored.
    """

    route: Route
    bearer: bool
    switched_on: bool | None = None
    test_prefix: bool | None = None
    accepts_test_keys: bool | None = None
    well_formed: bool | None = None
    digest_key_loaded: bool | None = None
    secret_matches: bool | None = None
    key_id: str | None = None
    disabled: bool | None = None
    revoked: bool | None = None
    expired: bool | None = None
    source_allowed: bool | None = None
    organization_pk: int | None = None
    organization_id: str | None = None
    allowlisted: bool | None = None
    route_enabled: bool | None = None
    scopes: frozenset[str] | None = None
    wait: int | None = None
    key_limit: int | None = None
    organization_limit: int | None = None
    key_pk: int | None = None
    use_noted: bool | None = None
    network_known: bool | None = None
    network_noted: bool | None = None
    source_watched: bool | None = None
    digest_key_number: int | None = None

    def on(self, route: Route, *, enabled: bool | None) -> "AccessRequest":
        """Return the facts of the same call to another route, which is enabled for the organization or not."""
        return replace(self, route=route, route_enabled=enabled)


def lacks(fact: bool | None) -> bool | None:
    """Return the opposite of a fact that may be unknown."""
    return None if fact is None else not fact


def _unscoped(call: AccessRequest) -> bool | None:
    return None if call.key_id is None else call.organization_id is None


def _misses_scope(call: AccessRequest) -> bool | None:
    return None if call.scopes is None else not call.scopes.issuperset(call.route.scopes)


def _must_wait(call: AccessRequest) -> bool | None:
    return None if call.wait is None else call.wait > 0


# The order is part of the contract: a call gets the first refusal. Nothing about a key is revealed before its secret
# matches.
ACCESS_POLICY: tuple[Rule[AccessRequest], ...] = (
    Rule(Reason.MISSING_BEARER, lambda call: not call.bearer),
    Rule(Reason.API_KEYS_DISABLED, lambda call: lacks(call.switched_on)),
    Rule(Reason.TEST_PREFIX_NOT_ALLOWED, lambda call: call.test_prefix and lacks(call.accepts_test_keys)),
    Rule(Reason.MALFORMED_TOKEN, lambda call: lacks(call.well_formed)),
    Rule(Reason.DIGEST_KEY_UNAVAILABLE, lambda call: lacks(call.digest_key_loaded)),
    Rule(Reason.INVALID_KEY, lambda call: lacks(call.secret_matches)),
    Rule(Reason.DISABLED_KEY, lambda call: call.disabled),
    Rule(Reason.REVOKED_KEY, lambda call: call.revoked),
    Rule(Reason.EXPIRED_KEY, lambda call: call.expired),
    Rule(Reason.SOURCE_NOT_ALLOWED, lambda call: lacks(call.source_allowed)),
    Rule(Reason.ORG_SCOPE_ONLY_REQUIRED, _unscoped),
    Rule(Reason.ORGANIZATION_NOT_ALLOWLISTED, lambda call: lacks(call.allowlisted)),
    Rule(Reason.ROUTE_NOT_ALLOWED, lambda call: lacks(call.route_enabled)),
    Rule(Reason.MISSING_SCOPE, _misses_scope),
    Rule(Reason.RATE_LIMITED, _must_wait),
)


def rules_of(route: Route) -> tuple[Rule[AccessRequest], ...]:
    """Return the checks of calls on a route, in order. An open route has only those of the credentials."""
    if not route.is_open:
        return ACCESS_POLICY
    return tuple(rule for rule in ACCESS_POLICY if rule.reason.stage is Stage.CREDENTIALS)


class UndecidableFacts(Exception):
    """A fact that a rule needs is missing, although no earlier rule denies the call."""


def decide(policy: tuple[Rule[Facts], ...], facts: Facts, *, stages: Collection[Stage] = tuple(Stage)) -> Reason | None:
    """Return the first refusal, or None if every check passes; raise UndecidableFacts rather than guess.

    Only the checks of these stages are asked: another step of the same call may ask the others.
    """
    for rule in policy:
        if rule.reason.stage not in stages:
            continue
        denies = rule.denies(facts)
        if denies is None:
            raise UndecidableFacts(rule.reason.code)
        if denies:
            return rule.reason
    return None


def explain(policy: tuple[Rule[Facts], ...], facts: Facts) -> list[Check]:
    """Return every check of the policy in order, also those after a refusal."""
    return [Check(rule.reason, _outcome(rule.denies(facts))) for rule in policy]


def first_refusal(call: AccessRequest, *, stages: Collection[Stage] = tuple(Stage)) -> Reason | None:
    """Return the first refusal of a call by the checks of its route, or None if every check passes."""
    return decide(rules_of(call.route), call, stages=stages)


def is_outside(call: AccessRequest) -> bool:
    """Return True if the key's networks are watched, and would refuse this call if they were enforced."""
    return bool(call.source_watched) and first_refusal(replace(call, source_allowed=False)) is Reason.SOURCE_NOT_ALLOWED


def every_check(call: AccessRequest) -> list[Check]:
    """Return every check of a call on its route, in order."""
    return explain(rules_of(call.route), call)


def _outcome(denies: bool | None) -> CheckOutcome:
    if denies is None:
        return CheckOutcome.UNKNOWN
    return CheckOutcome.FAILED if denies else CheckOutcome.PASSED
