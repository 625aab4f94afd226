"""What needs attention: each item appears with its cause, and goes with it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from partners.catalogue.routes import Route
from partners.finding.found import Found
from partners.models import ApiKeySwitch, KeyLeak, Organization
from partners.models.keys.leak import Proof
from partners.review import attention
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.support.calls import used
from tests.partners.support.rows import expire

pytestmark = pytest.mark.django_db
SPAN = timedelta(days=14)
FIRST_DIGEST_KEY = "1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
BOTH = f"{FIRST_DIGEST_KEY},2:ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="


def ends_in(organization, **span):
    return issue(organization, expires_at=timezone.now() + timedelta(**span))[0]


def idle() -> set[str]:
    return set(attention.nothing_enabled().values_list("name", flat=True))


@pytest.mark.parametrize(("days", "listed"), [(1, True), (13.9, True), (14.1, False), (90, False)])
def test_a_key_that_expires_soon_is_listed(organization, days, listed):
    used(ends_in(organization, days=days), days=2)
    assert bool(attention.expiring(SPAN)) is listed


@pytest.mark.parametrize(("ago", "expiring"), [(None, False), (29, True), (31, False)])
def test_a_key_in_use_is_listed_apart_from_an_idle_one(organization, ago, expiring):
    key = ends_in(organization, days=1)
    if ago is not None:
        used(key, days=ago)
    assert attention.expiring(SPAN).rows == [key] * expiring
    assert attention.expiring_idle(SPAN).rows == [key] * (not expiring)


def test_keys_in_use_that_expire_are_counted_by_span_unless_they_were_rotated(organization):
    spans = {"1d": timedelta(days=1), "7d": timedelta(days=7)}
    for days in (0.9, 6.9, 7.1):
        used(ends_in(organization, days=days), days=2)
    ends_in(organization, days=0.5)
    used(ends_in(organization, days=2), days=2).rotate(CHANGE)
    assert attention.numbers_expiring(spans) == {"1d": 1, "7d": 2}


def test_a_key_that_never_expires_is_not_listed(organization):
    used(issue(organization)[0], days=2)
    assert not attention.expiring(SPAN)
    assert not attention.expiring_idle(SPAN)


@pytest.mark.parametrize(
    "end",
    [lambda key: key.revoke(CHANGE), lambda key: key.disable(CHANGE), expire],
    ids=["revoked", "disabled", "over"],
)
def test_a_key_that_is_not_active_is_not_listed(organization, end):
    key = used(ends_in(organization, days=1), days=2)
    end(key)
    assert not attention.expiring(SPAN)
    assert not attention.expiring_idle(SPAN)


def test_the_key_that_expires_next_comes_first(organization):
    later, sooner = ends_in(organization, days=3), ends_in(organization, days=2)
    assert attention.expiring_idle(SPAN).rows == [sooner, later]


@pytest.mark.parametrize(
    ("number", "shown", "count", "more"),
    [
        (1, 1, "1", False),
        (10, 10, "10", False),
        (11, 10, "11", True),
        (100, 10, "100", True),
        (101, 10, "100+", True),
        (105, 10, "100+", True),
    ],
)
def test_counting_stops_at_a_hundred(db, number, shown, count, more):
    Organization.objects.bulk_create(Organization(name=f"Invented {index}") for index in range(number))
    found = Found.of(Organization.objects.all())
    assert (len(found.rows), found.count, found.more) == (shown, count, more)


def test_a_partner_who_can_call_something_is_not_idle(organization):
    issue(organization)
    assert idle() == set()


@pytest.mark.parametrize(
    ("values", "key_end"),
    [
        ({"allowlisted": False}, None),
        ({"routes": []}, None),
        ({}, lambda key: key.revoke(CHANGE)),
        ({}, lambda key: key.disable(CHANGE)),
        ({}, expire),
    ],
    ids=["not allowlisted", "no route", "revoked", "disabled", "expired"],
)
def test_a_partner_with_nothing_enabled_is_idle(values, key_end):
    partner = OrganizationFactory(**values)
    key = issue(partner)[0]
    if key_end:
        key_end(key)
    assert idle() == {partner.name}


def test_an_idle_partner_is_listed_with_what_it_has():
    OrganizationFactory(routes=[Route.ENCOUNTERS_LIST])
    found = attention.nothing_enabled().get()
    assert (found.allowlisted, found.has_route, found.has_active_key) == (True, True, False)


def test_digest_keys_are_in_order(organization):
    issue(organization)
    assert not attention.digest_health()


def test_a_key_under_an_older_digest_key_is_listed(organization, settings):
    settings.DIGEST_KEYS = FIRST_DIGEST_KEY
    key = issue(organization)[0]
    assert not attention.digest_health()
    settings.DIGEST_KEYS = BOTH
    health = attention.digest_health()
    assert (health.older.rows, health.older_numbers, bool(health.missing), bool(health)) == ([key], [1], False, True)


def test_a_key_under_a_digest_key_that_is_not_loaded_is_listed(organization, settings):
    key = issue(organization)[0]
    settings.DIGEST_KEYS = FIRST_DIGEST_KEY
    health = attention.digest_health()
    assert (health.missing.rows, bool(health.older), bool(health)) == ([key], False, True)
    key.revoke(CHANGE)
    assert not attention.digest_health()


def test_a_missing_digest_key_is_reported_even_without_keys(db, settings):
    settings.DIGEST_KEYS = ""
    assert attention.digest_health()
    assert not attention.digest_health().missing


def test_the_switch_has_its_last_change(organization):
    assert attention.switch_state() == attention.SwitchState(on=True, since=None)
    ApiKeySwitch.turn(False, CHANGE)
    issue(organization)
    state = attention.switch_state()
    assert (state.on, state.since.by, state.since.after) == (False, "tester", {"enabled": False})
    ApiKeySwitch.turn(True, CHANGE)
    assert attention.switch_state().on


def test_without_its_row_the_switch_is_off(db):
    ApiKeySwitch.objects.all().delete()
    assert not attention.switch_state().on


def test_an_active_key_that_was_reported_as_leaked_is_listed_until_it_is_stopped(organization):
    first, second = issue(organization)[0], issue(organization)[0]
    for key, place in ((first, "a"), (second, "b"), (second, "c"), (first, "d")):
        KeyLeak.report(key, CHANGE, place=place, proof=Proof.WHOLE)
    assert (attention.leaked().rows, attention.leaked().total) == ([first, second], 2)
    first.revoke(CHANGE)
    second.disable(CHANGE)
    assert not attention.leaked()
