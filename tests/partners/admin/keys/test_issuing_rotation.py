"""The page that rotates a key: the overlap that it offers, and what it refuses."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from partners.models import ApiKey
from tests.factories import CHANGE, issue
from tests.partners.support.calls import used
from tests.partners.support.key_pages import KEYS, TOKEN, rotate_form, rotate_page
from tests.partners.support.rows import opens

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_lifetimes")]


@pytest.fixture
def key(organization) -> ApiKey:
    return issue(organization, expires_at=timezone.now() + timedelta(days=30))[0]


def hours_left(key: ApiKey) -> float:
    return (key.expires_at - timezone.now()) / timedelta(hours=1)


@pytest.mark.parametrize(("overlap", "hours"), [("0", 0), ("1", 1), ("24", 24), ("168", 168)])
def test_the_old_key_expires_after_the_overlap(onboarding, key, overlap, hours):
    answer = onboarding.post(
        rotate_page(key), rotate_form(onboarding, key, overlap=overlap, reason="Yearly", ticket="OPS-7")
    )
    key.refresh_from_db()
    assert abs(hours_left(key) - hours) < 0.01
    assert opens(key.replaced_by, TOKEN.search(answer.text)[0])
    assert ("works until <time" in answer.text) == (hours > 0)
    assert {(event.reason, event.ticket) for event in [key.events.first(), key.replaced_by.events.get()]} == {
        ("Yearly", "OPS-7")
    }


def test_a_day_of_overlap_is_the_default_and_no_end_is_later_than_the_keys_own(onboarding, organization):
    key, _ = issue(organization, expires_at=timezone.now() + timedelta(days=3))
    text = onboarding.get(rotate_page(key)).text
    assert re.search(r'name="overlap" value="24"[^>]* checked', text)
    assert text.count("its own expiry, which comes first") == 1
    assert text.count(f"{key.expires_at:%Y-%m-%d %H:%M} UTC") == 2
    assert "Never used" in text


@pytest.mark.parametrize(("minutes", "warns"), [(3, True), (61, False)])
def test_a_key_in_use_is_to_have_an_overlap(onboarding, key, minutes, warns):
    used(key, minutes=minutes)
    assert ("This key is in use." in onboarding.get(rotate_page(key)).text) is warns


def test_a_key_that_never_expires_can_be_rotated(onboarding, organization, settings):
    settings.KEY_LONGEST_LIFETIME_DAYS = 0
    key, _ = issue(organization)
    assert "its own expiry" not in onboarding.get(rotate_page(key)).text
    assert TOKEN.search(onboarding.post(rotate_page(key), rotate_form(onboarding, key)).text)


def test_a_key_that_cannot_be_rotated_says_why(onboarding, key):
    data = rotate_form(onboarding, key)
    key.disable(CHANGE)
    for answer in (onboarding.get(rotate_page(key)), onboarding.post(rotate_page(key), data)):
        assert "The key is disabled. Enable it first." in answer.text
        assert '<button type="submit" class="primary">' not in answer.text
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"overlap": "2"}, "Select a valid choice."),
        ({"reason": "bell\a"}, "Remove tabs and other control characters."),
        ({"nonce": ""}, "This form has expired"),
    ],
)
def test_a_rotation_that_is_refused_says_why_and_keeps_what_was_typed(onboarding, key, wrong, told):
    answer = onboarding.post(rotate_page(key), rotate_form(onboarding, key, ticket="OPS-7", **wrong) | wrong)
    assert told in answer.text
    assert 'value="OPS-7"' in answer.text
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize("pk", [0, 10**30])
def test_a_key_that_does_not_exist_is_not_rotated(onboarding, pk):
    assert onboarding.get(f"{KEYS}{pk}/rotate/").status_code == 404
