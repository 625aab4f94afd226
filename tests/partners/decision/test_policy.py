"""The two readings of a policy: the first refusal, and every check."""

import pytest

from partners.catalogue.reasons import Reason, Stage
from partners.catalogue.routes import Route
from partners.decision.policy import (
    ACCESS_POLICY,
    AccessRequest,
    Check,
    CheckOutcome,
    Rule,
    UndecidableFacts,
    decide,
    every_check,
    explain,
    rules_of,
)

RULES = (Rule(Reason.DISABLED_KEY, lambda facts: facts[0]), Rule(Reason.REVOKED_KEY, lambda facts: facts[1]))


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ((False, False), None),
        ((True, True), Reason.DISABLED_KEY),
        ((True, None), Reason.DISABLED_KEY),
        ((False, True), Reason.REVOKED_KEY),
    ],
)
def test_the_first_refusal_decides(facts, reason):
    assert decide(RULES, facts) is reason


@pytest.mark.parametrize("facts", [(None, True), (False, None)])
def test_what_is_not_known_is_never_guessed(facts):
    with pytest.raises(UndecidableFacts):
        decide(RULES, facts)


@pytest.mark.parametrize(
    ("stages", "asked"),
    [
        ({Stage.CREDENTIALS}, ACCESS_POLICY[:9]),
        ({Stage.ACCESS}, ACCESS_POLICY[9:14]),
        ({Stage.ACCESS, Stage.LIMIT}, ACCESS_POLICY[9:]),
        (Stage, ACCESS_POLICY),
    ],
)
def test_only_the_checks_of_some_stages_are_asked(stages, asked):
    seen = []
    watched = tuple(Rule(rule.reason, lambda facts, rule=rule: facts.append(rule) or False) for rule in ACCESS_POLICY)
    assert decide(watched, seen, stages=stages) is None
    assert tuple(seen) == asked


@pytest.mark.parametrize(("wait", "outcome"), [(0, "passed"), (1, "failed"), (None, "unknown")])
def test_a_call_waits_to_the_last_second_of_a_minute(wait, outcome):
    checks = every_check(AccessRequest(Route.ENCOUNTERS_LIST, bearer=True, wait=wait))
    assert checks[-1] == Check(Reason.RATE_LIMITED, CheckOutcome(outcome))


def test_explaining_goes_on_after_a_refusal():
    assert explain(RULES, (True, None)) == [
        Check(Reason.DISABLED_KEY, CheckOutcome.FAILED),
        Check(Reason.REVOKED_KEY, CheckOutcome.UNKNOWN),
    ]


def test_the_order_of_the_policy_is_the_contracts():
    assert [rule.reason.code for rule in ACCESS_POLICY] == [
        "missing_bearer",
        "api_keys_disabled",
        "test_prefix_not_allowed",
        "malformed_token",
        "digest_key_unavailable",
        "invalid_key",
        "disabled_key",
        "revoked_key",
        "expired_key",
        "source_not_allowed",
        "org_scope_only_required",
        "organization_not_allowlisted",
        "route_not_allowed",
        "missing_scope",
        "rate_limited",
    ]


@pytest.mark.parametrize("route", Route, ids=lambda route: route.route_name)
def test_an_open_route_has_the_checks_of_the_credentials_alone(route):
    assert rules_of(route) == (ACCESS_POLICY[:9] if route is Route.KEY_READ else ACCESS_POLICY)


def test_credentials_come_before_access_and_limits_last():
    stages = [rule.reason.stage for rule in ACCESS_POLICY]
    assert stages == [Stage.CREDENTIALS] * 9 + [Stage.ACCESS] * 5 + [Stage.LIMIT]
