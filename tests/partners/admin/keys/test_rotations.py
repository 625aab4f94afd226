"""After a rotation: has the partner moved to the new key? On both keys' pages, and before the overlap is ended."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from partners.admin.keys import rotations
from partners.admin.keys.rotations import HOUR, Moved, progress_of
from tests.factories import CHANGE, issue
from tests.moments import TICK
from tests.partners.support.calls import called, used
from tests.partners.support.key_pages import page_of

pytestmark = pytest.mark.django_db
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def rotated(key):
    """Both keys of a rotation."""
    return key, key.rotate(CHANGE)[0]


def call(key, times=1, *, ago=MINUTE, code=""):
    """Have calls with a key on record, which were served or refused."""
    called(key, code, times=times, ago=ago)
    if not code:
        used(key, seconds=ago.total_seconds())


SITUATIONS = [
    ([], [], "Not moved: no call with either key yet."),
    ([(14, MINUTE)], [], "Not moved: 14 calls with the old key in the last hour, none with the new one."),
    ([(1, MINUTE)], [], "Not moved: 1 call with the old key in the last hour, none with the new one."),
    ([(1, 2 * DAY)], [], "Not moved: last call with the old key 2 days ago, none with the new one."),
    (
        [(1, 3 * HOUR)],
        [(1, 2 * DAY)],
        "Not moved: last call with the old key 3 hours ago, last call with the new one 2 days ago.",
    ),
    (
        [(2, MINUTE)],
        [(1, 2 * DAY)],
        "Not moved: 2 calls with the old key in the last hour, last call with the new one 2 days ago.",
    ),
    (
        [(2, MINUTE)],
        [(3, MINUTE)],
        "Moving: 2 calls with the old key in the last hour, 3 with the new one in the last hour.",
    ),
    (
        [(5, 3 * HOUR)],
        [(120, MINUTE)],
        "Moved: last call with the old key 3 hours ago, 120 with the new one in the last hour.",
    ),
    (
        [(1, 3 * HOUR)],
        [(1, 2 * HOUR)],
        "Moved: last call with the old key 3 hours ago, last call with the new one 2 hours ago.",
    ),
    ([], [(1, MINUTE)], "Moved: no call with the old key, 1 with the new one in the last hour."),
]


@pytest.mark.parametrize(("with_old", "with_new", "told"), SITUATIONS, ids=range(len(SITUATIONS)))
def test_the_calls_with_both_keys_show_how_far_the_partner_has_moved(rotated, with_old, with_new, told):
    for key, calls in zip(rotated, (with_old, with_new), strict=True):
        for times, ago in calls:
            call(key, times, ago=ago)
    assert progress_of([rotated])[0].sentence == told


def test_a_new_key_whose_calls_are_all_refused_is_not_moved_to(rotated):
    old, new = rotated
    call(old, 3)
    call(new, 2, code="missing_scope")
    told = "Not moved: 3 calls with the old key in the last hour, every call with the new one was refused."
    assert progress_of([rotated])[0].sentence == told


def test_refused_calls_show_that_the_old_key_is_still_in_use(rotated):
    old, new = rotated
    call(old, 2, code="expired_key")
    call(new, 1)
    assert progress_of([rotated])[0].moved is Moved.PARTLY


@pytest.mark.parametrize(("ago", "lately"), [(HOUR - TICK, 1), (HOUR, 0)])
def test_the_hour_ends_where_it_does(rotated, ago, lately, monkeypatch):
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    called(rotated[0], ago=ago)
    assert progress_of([rotated])[0].with_old.lately == lately


def test_a_look_at_a_key_is_no_evidence(rotated):
    old, new = rotated
    call(old, 3, ago=2 * HOUR)
    called(old, route="key.read", times=5)
    called(new, route="key.read", times=5)
    assert progress_of([rotated])[0].sentence == (
        "Not moved: last call with the old key 2 hours ago, none with the new one."
    )
    call(new, 2)
    assert progress_of([rotated])[0].moved is Moved.WHOLLY


def test_the_last_use_is_known_behind_any_number_of_looks(rotated, monkeypatch):
    monkeypatch.setattr(rotations, "COUNTED", 2)
    call(rotated[0], ago=3 * HOUR)
    called(rotated[0], route="key.read", times=4)
    assert progress_of([rotated])[0].with_old == rotations.Calls(rotated[0].last_used_at, 0, served=True)


def test_no_more_calls_are_counted_than_are_shown(rotated, monkeypatch):
    monkeypatch.setattr(rotations, "COUNTED", 2)
    call(rotated[0], 5)
    assert "2+ calls with the old key" in progress_of([rotated])[0].sentence


def test_all_rotations_take_one_statement_and_an_index(rotated, organization):
    pairs = [rotated, *((key, key.rotate(CHANGE)[0]) for key in (issue(organization)[0] for _ in range(3)))]
    with CaptureQueriesContext(connection) as captured:
        assert len(progress_of(pairs)) == 4
    assert len(captured) == 1
    plan = connection.ops.explain_query_prefix() + " " + captured[0]["sql"]
    with connection.cursor() as cursor:
        cursor.execute(plan)
        told = str(cursor.fetchall())
    assert connection.vendor == "postgresql" or told.count("request_record_of_key") == 2
    assert progress_of([]) == []


def test_the_pages_of_both_keys_show_it(support, rotated):
    call(rotated[0], 14)
    for key in rotated:
        assert "Not moved: 14 calls with the old key in the last hour" in support.get(page_of(key, "change")).text


def test_it_is_shown_before_the_overlap_is_ended(onboarding, rotated):
    call(rotated[0], 14)
    page = onboarding.get(page_of(rotated[0], "finish"))
    assert re.search(r'<div class="notice warning">\s*<p>Not moved: 14 calls', page.text)
    assert "Not moved" not in onboarding.get(page_of(rotated[1], "disable")).text
    call(rotated[1], 1)
    assert "Moving: 14 calls" in onboarding.get(page_of(rotated[0], "finish")).text


def test_to_end_the_overlap_is_the_first_thing_to_do_only_after_the_partner_has_moved(onboarding, rotated):
    def looks():
        page = onboarding.get(page_of(rotated[0], "change")).text
        return re.search(r'<a class="([^"]*)"[^>]*>End the overlap now', page)[1]

    call(rotated[0], 14, ago=2 * HOUR)
    assert looks() == "button"
    call(rotated[1], 1)
    assert looks() == "button primary"


def test_an_expired_key_does_not_claim_that_the_partner_uses_its_successor(support, rotated):
    old, _ = rotated
    old.finish_rotation(CHANGE)
    called(old, "expired_key", times=2)
    text = unescape(support.get(page_of(old, "change")).text)
    assert "Not moved: 2 calls with the old key in the last hour, none with the new one." in text
    assert "The partner calls with its successor" not in text


def test_people_who_may_not_see_requests_see_nothing_about_them(rotated):
    user = User.objects.create_user("somebody", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_apikey"))
    client = Client()
    client.force_login(user)
    assert "oved:" not in client.get(page_of(rotated[0], "change")).text
