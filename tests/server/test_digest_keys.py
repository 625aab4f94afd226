"""Digest keys are changed as the runbook says, while partners call the production server: no call is refused."""

import time
from collections import Counter

import pytest

from tests.server.conftest import ALL_SCOPES
from tests.server.deployment import new_deployment
from tests.server.flooding import Caller
from tests.server.upgrading import running

pytestmark = [pytest.mark.server, pytest.mark.once("postgresql")]
RATE, CALLERS, SECONDS = 50, 5, 12  # calls a second of all callers
ONE, TWO = f"1:{'T25lIGludmVudGVkIGtleSBmb3IgdGVzdHMgb25seS4='}", f"2:{'VHdvIGludmVudGVkIGtleXMgZm9yIHRlc3RzIG9ubHk='}"
STEPS = [
    {"CHARTERO_DIGEST_KEYS": f"{ONE},{TWO}", "CHARTERO_ACTIVE_DIGEST_KEY": "1"},
    {"CHARTERO_DIGEST_KEYS": f"{ONE},{TWO}"},
    {"CHARTERO_DIGEST_KEYS": TWO},
]


@pytest.fixture
def deployment(tmp_path):
    """An organization whose five keys are stored under the first digest key."""
    with new_deployment(tmp_path) as made:
        made.environment["CHARTERO_DIGEST_KEYS"] = ONE
        organization = made.report("create_organization", "Invented Practice", "--purpose", "Treatment")
        made.manage("set_access", organization["organization_id"], "--allow", "--enable", "all")
        issued = ["issue_key", "--organization", organization["organization_id"], *ALL_SCOPES]
        made.tokens = {str(number): made.report(*issued, "--label", "Sync")["token"] for number in range(CALLERS)}
        yield made


def uses(deployment):
    return {each["number"]: each["usable_keys"] for each in deployment.report("digest_keys")["digest_keys"]}


def test_digest_keys_are_changed_under_load_without_a_refused_call(deployment, tmp_path):
    with running(deployment.environment, tmp_path, held=True) as service:
        callers = [
            Caller(
                service.port, RATE / CALLERS, SECONDS, lambda token=token: ("/external/v1/encounters", bearer(token))
            )
            for token in deployment.tokens.values()
        ]
        for caller in callers:
            caller.start()
        for step in STEPS:
            service.stop()
            service.environment = without_digest_keys(deployment.environment) | step
            service.start()
            time.sleep(2)
        for caller in callers:
            caller.join()
    deployment.environment |= STEPS[-1]
    assert sum((caller.statuses for caller in callers), Counter()) == {200: RATE * SECONDS}
    assert uses(deployment) == {2: CALLERS}


def bearer(token):
    return {"Authorization": f"Bearer {token}", "Connection": "close"}


def without_digest_keys(environment):
    return {name: value for name, value in environment.items() if "DIGEST_KEY" not in name}
