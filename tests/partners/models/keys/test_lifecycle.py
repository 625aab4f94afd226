"""Which changes a key allows in which situation, asked beforehand and by trying; and the end of an overlap."""

import re
from contextlib import nullcontext
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from partners.diagnosis.forecasting import of_key
from partners.models import ApiKey, KeyState
from partners.models.change import Action
from tests.api import Api
from tests.factories import CHANGE
from tests.moments import AROUND, NONE
from tests.partners.support import aged
from tests.partners.support.counting import NOW
from tests.partners.support.rows import expire

pytestmark = pytest.mark.django_db
TRY = {
    Action.KEY_ROTATED: lambda key: key.rotate(CHANGE),
    Action.ROTATION_FINISHED: lambda key: key.finish_rotation(CHANGE),
    Action.KEY_DISABLED: lambda key: key.disable(CHANGE),
    Action.KEY_ENABLED: lambda key: key.enable(CHANGE),
    Action.KEY_REVOKED: lambda key: key.revoke(CHANGE),
    Action.SCOPES_CHANGED: lambda key: key.set_scopes([], CHANGE),
    Action.EXPIRY_CHANGED: lambda key: key.set_expiry(CHANGE, key.created_at + timedelta(days=9)),
}
SITUATIONS = {
    "active": lambda key: None,
    "disabled": lambda key: key.disable(CHANGE),
    "expired": expire,
    "revoked": lambda key: key.revoke(CHANGE),
    "rotated": lambda key: key.rotate(CHANGE),
    "ended": lambda key: (key.rotate(CHANGE), expire(key)),
}
# The refusal of each change, in the order of TRY; "-": it is allowed.
TABLE = """
active    -         not_rotated  -         not_disabled  -        -        -
disabled  disabled  not_rotated  disabled  -             -        -        -
expired   expired   not_rotated  -         not_disabled  -        -        expired
revoked   revoked   revoked      revoked   revoked       revoked  revoked  revoked
rotated   rotated   -            -         not_disabled  -        -        rotated
ended     rotated   expired      -         not_disabled  -        -        rotated
"""
CELLS = [
    (situation, action, code)
    for situation, *codes in map(str.split, TABLE.strip().splitlines())
    for action, code in zip(TRY, codes, strict=True)
]


@pytest.mark.parametrize(("situation", "action", "code"), CELLS)
def test_a_change_is_refused_as_it_was_foretold(key, situation, action, code):
    SITUATIONS[situation](key)
    foretold = key.refusal(action)
    assert ApiKey.objects.allowing(action).filter(pk=key.pk).exists() == (code == "-")
    assert ((foretold and foretold.code) or "-") == code
    with nullcontext() if code == "-" else pytest.raises(ValidationError, match=re.escape(foretold.message)):
        TRY[action](key)


def test_finishing_a_rotation_ends_the_old_key_alone(key):
    successor, _ = key.rotate(CHANGE)
    before = key.expires_at
    key.finish_rotation(CHANGE)
    assert (key.state, successor.state) == (KeyState.EXPIRED, KeyState.ACTIVE)
    event = key.events.first()
    assert (event.action, event.by) == (Action.ROTATION_FINISHED, "tester")
    assert (event.before["expires_at"], event.after["expires_at"]) == (before.isoformat(), key.expires_at.isoformat())


@pytest.mark.usefixtures("clock")
@AROUND
def test_at_its_exact_end_a_key_is_expired_wherever_one_looks(organization, tick):
    key, token = aged.key(organization, expires_at=NOW + tick)
    expired, found = tick <= NONE, ApiKey.objects
    assert (key.state is KeyState.EXPIRED) == expired
    assert found.in_state(KeyState.EXPIRED).exists() == expired
    assert found.in_state(KeyState.ACTIVE).exists() == (not expired)
    assert found.allowing(Action.KEY_ROTATED).exists() == (not expired)
    assert (Api(token).get().status_code == 401) == expired
    assert all((forecast.refusal is not None) == expired for forecast in of_key(key))
