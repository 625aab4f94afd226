"""What a key's last use says of it."""

from datetime import timedelta

import pytest

from partners.finding import last_use
from partners.finding.last_use import idle_for, in_use, used_within
from partners.models import ApiKey
from tests.factories import issue
from tests.moments import AROUND, NONE
from tests.partners.support import aged
from tests.partners.support.calls import used
from tests.partners.support.counting import NOW

pytestmark = pytest.mark.django_db
SPAN = timedelta(days=30)


@pytest.mark.parametrize(("minutes", "expected"), [(0, True), (58, True), (61, False), (60 * 24, False)])
def test_a_key_is_in_use_for_an_hour_after_a_call(organization, minutes, expected):
    assert in_use(used(issue(organization)[0], minutes=minutes)) is expected


def test_a_key_that_was_never_used_is_not_in_use(organization):
    assert not in_use(issue(organization)[0])


@pytest.mark.parametrize(
    ("days", "within", "idle"), [(None, False, False), (0, True, False), (29, True, False), (31, False, True)]
)
def test_a_key_was_used_within_a_span_is_idle_or_was_never_used(organization, days, within, idle):
    key, _ = issue(organization)
    if days is not None:
        used(key, days=days)
    assert ApiKey.objects.filter(used_within(SPAN)).exists() is within
    assert ApiKey.objects.filter(~used_within(SPAN)).exists() is not within
    assert ApiKey.objects.filter(idle_for(SPAN)).exists() is idle


@pytest.mark.usefixtures("clock")
@AROUND
def test_a_use_as_old_as_the_span_is_outside_it(organization, tick):
    span = last_use.IN_USE
    key, _ = aged.key(organization, last_used_at=NOW - span + tick)
    used = tick > NONE
    assert last_use.in_use(key) == used
    assert ApiKey.objects.filter(last_use.used_within(span)).exists() == used
    assert ApiKey.objects.filter(last_use.idle_for(span)).exists() == (not used)
