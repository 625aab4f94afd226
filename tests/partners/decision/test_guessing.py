"""Networks that send too many wrong keys: refused where a setting says so, and never with a partner among them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from partners.decision import guessing
from partners.keys import tokens
from partners.models import KeyNetwork, RequestRecord, UnkeyedCount, WrongKeys
from partners.record.unknown_callers import unkeyed
from tests.api import KEY, LIST, Api
from tests.factories import issue

pytestmark = pytest.mark.django_db
HERE, NEAR, ELSEWHERE = "203.0.113.7", "203.0.113.8", "198.51.100.7"
NETWORK = "203.0.113.0/24"


@pytest.fixture(autouse=True)
def nothing_refused(monkeypatch):
    monkeypatch.setattr(guessing, "REFUSED", guessing.Refused())


@pytest.fixture
def switched_on(settings):
    """Refuse a network after two wrong keys, in a minute that doesn't end during the test."""
    settings.WRONG_KEYS_PER_MINUTE = 2
    WrongKeys.objects.create(network=NETWORK, minute=timezone.now() + timedelta(days=1), calls=0)


def guess(address=HERE, text=None):
    return Api(text or tokens.mint(is_test=False).text).get(REMOTE_ADDR=address)


def codes(*answers):
    return [answer.json()["reason_code"] for answer in answers]


@pytest.mark.usefixtures("switched_on")
def test_a_network_is_refused_after_too_many_wrong_keys(token, django_assert_num_queries):
    assert codes(guess(), guess(NEAR, "x")) == ["invalid_key", "malformed_token"]
    with django_assert_num_queries(0):
        answer = guess()
    assert (answer.status_code, codes(answer)) == (429, ["rate_limited"])
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert codes(Api(token).get(KEY, REMOTE_ADDR=NEAR), Api().get(REMOTE_ADDR=HERE)) == ["rate_limited"] * 2
    assert codes(guess(ELSEWHERE)) == ["invalid_key"]


@pytest.mark.usefixtures("switched_on")
def test_a_refused_call_is_counted_without_a_key_and_not_recorded(token):
    guess()
    guess()
    Api(token).get(REMOTE_ADDR=HERE)
    unkeyed.TALLY.write()
    assert UnkeyedCount.objects.get(reason_code="rate_limited").source == HERE
    assert not RequestRecord.objects.exists()


@pytest.mark.usefixtures("switched_on")
def test_a_network_from_which_a_key_has_called_is_never_refused(token):
    assert Api(token).get(REMOTE_ADDR=NEAR).status_code == 200
    assert KeyNetwork.objects.get().network == NETWORK
    assert codes(*(guess() for _ in range(5))) == ["invalid_key"] * 5
    assert Api(token).get(REMOTE_ADDR=HERE).status_code == 200


@pytest.mark.usefixtures("switched_on")
def test_only_wrong_keys_count(organization):
    token = issue(organization, scopes=[])[1]
    assert codes(*(Api().get(REMOTE_ADDR=HERE) for _ in range(3))) == ["missing_bearer"] * 3
    assert codes(*(Api(token).get(REMOTE_ADDR=HERE) for _ in range(3))) == ["missing_scope"] * 3
    assert WrongKeys.objects.get().calls == 0


@pytest.mark.usefixtures("switched_on")
def test_an_unknown_address_is_never_refused():
    assert codes(*(guess("") for _ in range(4))) == ["invalid_key"] * 4


def test_without_the_setting_nothing_is_counted():
    assert codes(*(guess() for _ in range(3))) == ["invalid_key"] * 3
    assert not WrongKeys.objects.exists()


@pytest.mark.usefixtures("switched_on")
def test_another_process_refuses_with_the_next_wrong_key(monkeypatch):
    guess()
    guess()
    monkeypatch.setattr(guessing, "REFUSED", guessing.Refused())
    assert codes(guess(), guess()) == ["invalid_key", "rate_limited"]


def test_a_minute_starts_from_zero(settings):
    settings.WRONG_KEYS_PER_MINUTE = 5
    WrongKeys.objects.create(network=NETWORK, minute=timezone.now() - timedelta(minutes=2), calls=5)
    guess()
    assert WrongKeys.objects.get().calls == 1
    assert str(WrongKeys.objects.get()) == f"1 × {NETWORK}"


def test_a_network_is_refused_until_its_minute_is_over(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(guessing.time, "monotonic", lambda: now[0])
    refused = guessing.Refused()
    refused.add(NETWORK, 30)
    now[0] += 29.5
    assert refused.seconds(NETWORK) == 1
    now[0] += 0.5
    assert refused.seconds(NETWORK) == 0


def test_a_process_remembers_a_bounded_number_of_networks(monkeypatch):
    monkeypatch.setattr(guessing, "HELD", 2)
    refused = guessing.Refused()
    for source in ("a", "b", "c"):
        refused.add(source, 30)
    assert [bool(refused.seconds(source)) for source in ("a", "b", "c")] == [False, False, True]


def test_counts_that_are_over_are_deleted(settings):
    settings.WRONG_KEYS_PER_MINUTE = 5
    for hours in (0, 2):
        WrongKeys.objects.create(network=f"192.0.{hours}.0/24", minute=timezone.now() - timedelta(hours=hours), calls=1)
    guess(ELSEWHERE)
    unkeyed.TALLY.write()
    assert {*WrongKeys.objects.values_list("network", flat=True)} == {"192.0.0.0/24", "198.51.100.0/24"}


def test_the_list_is_not_refused_for_others():
    assert Api().get(LIST, REMOTE_ADDR=ELSEWHERE).status_code == 401
