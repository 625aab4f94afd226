"""The model, the live API, the diagnosis page and a key's own answer agree, whatever happens in whatever order.

This is the short form, and `python -m tests.agreement` the long one.
"""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from partners.decision import policy
from tests.agreement.machine import AccessMachine

pytestmark = [pytest.mark.django_db, pytest.mark.once("sqlite")]
# A failure isn't made shorter here: that takes minutes, and the long form does it.
SHORT = settings(
    max_examples=8,
    stateful_step_count=25,
    derandomize=True,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[*HealthCheck],
)
UNTIL_FOUND = settings(SHORT, max_examples=60)


def test_everybody_agrees_after_each_step():
    run_state_machine_as_test(AccessMachine, settings=SHORT)


@pytest.mark.parametrize("code", ["expired_key", "source_not_allowed", "rate_limited"])
def test_a_lost_rule_is_found(monkeypatch, code):
    kept = tuple(rule for rule in policy.ACCESS_POLICY if rule.reason.code != code)
    monkeypatch.setattr(policy, "ACCESS_POLICY", kept)
    with pytest.raises(AssertionError, match=code):
        run_state_machine_as_test(AccessMachine, settings=UNTIL_FOUND)
