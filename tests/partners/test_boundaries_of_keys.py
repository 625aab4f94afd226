"""A microsecond before, at and after each moment and number that decides about a key."""

import base64
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from partners.admin.keys.forms import RotateForm
from partners.diagnosis.forecasting import of_key
from partners.finding import last_use
from partners.keys import digests, lifetimes
from partners.keys.faults import _fault_of_length
from partners.models import ApiKey, KeyState
from partners.models.change import Action
from partners.models.key import LONGEST_OVERLAP
from partners.review import notices
from partners.review.key_report import Review
from tests.api import Api
from tests.factories import CHANGE, issue
from tests.partners.support.counting import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
TICK, NONE, DAY, HOUR = timedelta(microseconds=1), timedelta(0), timedelta(days=1), timedelta(hours=1)
AROUND = pytest.mark.parametrize("tick", [-TICK, NONE, TICK], ids=["before", "at", "after"])


def made(organization, **values) -> tuple[ApiKey, str]:
    """Return a key that was made 100 days ago, with these values, and its token."""
    key, token = issue(organization)
    ApiKey.objects.filter(pk=key.pk).update(**{"created_at": NOW - 100 * DAY} | values)
    return ApiKey.objects.get(pk=key.pk), token


@AROUND
def test_at_its_exact_end_a_key_is_expired_wherever_one_looks(organization, tick):
    key, token = made(organization, expires_at=NOW + tick)
    expired, found = tick <= NONE, ApiKey.objects
    assert (key.state is KeyState.EXPIRED) == expired
    assert found.in_state(KeyState.EXPIRED).exists() == expired
    assert found.in_state(KeyState.ACTIVE).exists() == (not expired)
    assert found.allowing(Action.KEY_ROTATED).exists() == (not expired)
    assert (Api(token).get().status_code == 401) == expired
    assert all((forecast.refusal is not None) == expired for forecast in of_key(key))


@AROUND
def test_a_key_that_ends_with_the_span_ends_within_it(organization, security, tick):
    from partners.admin.keys.filters import SOON

    key, _ = made(organization, expires_at=NOW + SOON + tick)
    assert ApiKey.objects.ending_within(SOON).exists() == (tick <= NONE)
    page = security.get(f"/admin/partners/apikey/{key.pk}/change/")
    assert (page.context["notice"].level == "warning") == (tick <= NONE)


@AROUND
def test_a_use_as_old_as_the_span_is_outside_it(organization, tick):
    span = last_use.IN_USE
    key, _ = made(organization, last_used_at=NOW - span + tick)
    used = tick > NONE
    assert last_use.in_use(key) == used
    assert ApiKey.objects.filter(last_use.used_within(span)).exists() == used
    assert ApiKey.objects.filter(last_use.idle_for(span)).exists() == (not used)


@AROUND
def test_a_review_calls_a_key_idle_from_the_exact_age(organization, tick):
    made(organization, last_used_at=NOW - 90 * DAY + tick)
    idle = tick <= NONE
    assert [line["idle"] for line in Review().lines()] == ["yes" if idle else "no"]
    assert bool([*Review(idle=90 * DAY).lines()]) == idle


@pytest.mark.parametrize(
    ("end", "allowed"), [(NONE, False), (TICK, True), (365 * DAY, True), (365 * DAY + TICK, False)]
)
def test_an_end_lies_ahead_and_no_further_than_the_longest_lifetime(settings, end, allowed):
    settings.KEY_LONGEST_LIFETIME_DAYS = 365
    if allowed:
        lifetimes.require_allowed(NOW + end, NOW)
        return
    with pytest.raises(ValidationError, match="must be in the future, at most 365 days away"):
        lifetimes.require_allowed(NOW + end, NOW)


@pytest.mark.parametrize(
    ("overlap", "allowed"), [(-TICK, False), (NONE, True), (LONGEST_OVERLAP, True), (LONGEST_OVERLAP + TICK, False)]
)
def test_an_overlap_is_from_nothing_to_the_longest(organization, overlap, allowed):
    key, _ = made(organization)
    if allowed:
        key.rotate(CHANGE, overlap=overlap)
        assert key.expires_at == NOW + overlap
        return
    with pytest.raises(ValidationError, match="The overlap must be"):
        key.rotate(CHANGE, overlap=overlap)


@pytest.mark.parametrize(("tick", "own"), [(-TICK, True), (NONE, False), (TICK, False)])
def test_the_page_of_a_rotation_names_the_keys_own_end_where_it_comes_first(organization, tick, own):
    key, _ = made(organization, expires_at=NOW + DAY + tick)
    ends = {end: is_own for box, end, is_own in RotateForm().ends(key) if box.data["value"] == "24"}
    assert ends == {min(NOW + DAY, key.expires_at): own}


@pytest.mark.parametrize(("tick", "days"), [(-TICK, 7), (NONE, 7), (TICK, 14)])
def test_a_notice_is_due_from_its_exact_day(organization, tick, days):
    key, _ = made(organization, expires_at=NOW + 7 * DAY + tick)
    assert notices._days(key, key.expires_at, NOW) == days


@pytest.mark.parametrize(("tick", "days"), [(-TICK, 7), (NONE, 7), (TICK, None)])
def test_a_notice_whose_day_was_over_when_the_key_was_made_is_not_due(organization, tick, days):
    key, _ = made(organization, expires_at=NOW + 6 * DAY, created_at=NOW - DAY + tick)
    assert notices._days(key, key.expires_at, NOW) == days


SECRET = base64.b64encode(bytes(range(digests.MINIMUM_BYTES))).decode()
SHORT = base64.b64encode(bytes(range(digests.MINIMUM_BYTES - 1))).decode()


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (f"0:{SECRET}", False),
        (f"1:{SECRET}", True),
        (f"32767:{SECRET}", True),
        (f"32768:{SECRET}", False),
        (f"00001:{SECRET}", True),
        (f"000001:{SECRET}", False),
        (f"1:{SHORT}", False),
    ],
)
def test_the_number_and_the_length_of_a_digest_key(text, read):
    if read:
        assert len(digests._parse(text)) == 1
        return
    with pytest.raises(digests.InvalidDigestKeys):
        digests._parse(text)


@pytest.mark.parametrize(("length", "words"), [(63, "cut short"), (64, "checksum"), (65, "too long")])
def test_a_token_of_exactly_the_length_has_another_fault(length, words):
    assert words in _fault_of_length(length, 64)
