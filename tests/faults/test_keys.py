"""The model of the soak: which answer is right for a call with a key, at each moment of its life."""

import pytest

from tests.faults.calls import Call
from tests.faults.keys import Key, Keys

REVOKED, UNAVAILABLE = "401 revoked_key", "503 service_unavailable"


def call(began, seconds, got):
    return Call("key", began, seconds, "key_1", got, contract=True, request_id="req_1")


@pytest.mark.parametrize(
    ("began", "seconds", "right"),
    [
        (1, 1, {"200"}),
        (1, 9, {"200", REVOKED}),
        (10.5, 0.1, {"200", REVOKED}),
        (10.5, 9, {"200", REVOKED}),
        (12, 1, {REVOKED}),
    ],
    ids=["before", "into the change", "within the change", "out of the change", "after"],
)
def test_both_verdicts_are_right_only_while_a_command_ends_the_key(began, seconds, right):
    key = Key("key_1", "token", ends=10, ended=11, code=REVOKED)
    judged = {got for got in ("200", REVOKED, "401 expired_key", UNAVAILABLE) if key.allows(call(began, seconds, got))}
    assert judged == right | {UNAVAILABLE}


def test_a_key_that_has_not_ended_is_served():
    assert {got for got in ("200", REVOKED) if Key("key_1", "token").allows(call(1, 1, got))} == {"200"}


def test_a_key_that_ends_is_no_longer_active_but_still_used():
    keys = Keys()
    keys.add({"key_id": "key_1", "token": "token"})
    with keys.ending(REVOKED) as key:
        assert key.ends < key.ended
    assert (keys.active, key.code, key.ended >= key.ends) == (0, REVOKED, True)
    keys.add({"key_id": "key_2", "token": "token"})
    assert {keys.choose().public_id for _ in range(200)} == {"key_1", "key_2"}
