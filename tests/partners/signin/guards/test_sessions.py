import time

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import Group, User
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.contrib.sessions.models import Session

from partners.signin import account_changes
from partners.signin.guards import sessions
from partners.signin.reset import reset
from tests.chartero.support.manage import manage
from tests.factories import CHANGE
from tests.partners.support.person import PASSWORD

COOKIES = [
    "SESSION_COOKIE_NAME",
    "CSRF_COOKIE_NAME",
    "SESSION_COOKIE_PATH",
    "CSRF_COOKIE_PATH",
    "SESSION_COOKIE_DOMAIN",
]
GUARDS = ["SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY", "SESSION_COOKIE_SAMESITE"]
MINUTE, HOUR = 60, 3600


def is_in(person) -> bool:
    return person.get().status_code == 200


def test_it_lasts_while_it_is_used(enrolled):
    for _ in range(23):
        enrolled.clock.now += 30 * MINUTE - 61
        assert is_in(enrolled)


def test_it_ends_after_30_minutes_without_use(enrolled):
    enrolled.clock.now += 30 * MINUTE - 1
    assert is_in(enrolled)
    enrolled.clock.now += 30 * MINUTE
    assert enrolled.get().url == "/admin/login/?next=/admin/"
    assert "30 minutes without use" in enrolled.get("/admin/login/").text


def test_it_ends_after_12_hours_however_much_it_is_used(enrolled):
    for _ in range(12 * 3 - 1):
        enrolled.clock.now += 20 * MINUTE
        assert is_in(enrolled)
    enrolled.clock.now += 20 * MINUTE
    assert not is_in(enrolled)
    assert "at most 12 hours" in enrolled.get("/admin/login/").text


def test_an_ended_session_is_deleted_and_its_cookie_is_useless(enrolled):
    key = enrolled.client.session.session_key
    enrolled.clock.now += HOUR
    enrolled.get()
    assert not Session.objects.filter(pk=key).exists()
    enrolled.client.cookies["sessionid"] = key
    assert not is_in(enrolled)


def test_half_a_sign_in_ends_too(halfway):
    halfway.clock.now += HOUR
    assert halfway.give_code().url.startswith("/admin/login/")


def test_use_is_noted_once_a_minute(enrolled):
    enrolled.clock.now += 61
    enrolled.get("/signin/second-factor/")
    seen = enrolled.client.session[sessions.SEEN]
    enrolled.clock.now += 30
    enrolled.get("/signin/second-factor/")
    assert enrolled.client.session[sessions.SEEN] == seen


def test_signing_out_ends_it(enrolled):
    key = enrolled.client.session.session_key
    enrolled.post("/admin/logout/")
    assert not Session.objects.filter(pk=key).exists()
    assert not is_in(enrolled)


def test_signing_out_lands_on_a_page_without_navigation_and_clears_the_browser(enrolled):
    answer = enrolled.post("/admin/logout/")
    assert answer["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    assert "no-store" in answer["Cache-Control"]
    assert ">Sign in</a>" in answer.text
    assert not any(words in answer.text for words in ("quality time", "Log in", "/admin/partners/", "person-menu"))


def test_half_a_sign_in_can_be_signed_out(halfway):
    key = halfway.client.session.session_key
    assert "You are signed out" in halfway.post("/admin/logout/").text
    assert not Session.objects.filter(pk=key).exists()


def test_signing_out_is_asked_for_by_post(enrolled):
    assert enrolled.get("/admin/logout/").status_code == 405
    assert is_in(enrolled)


def test_the_second_factor_makes_a_new_key(halfway):
    password_alone = halfway.client.session.session_key
    halfway.give_code()
    assert halfway.client.session.session_key != password_alone
    assert not Session.objects.filter(pk=password_alone).exists()


def test_a_key_planted_before_sign_in_is_not_kept(person):
    planted = person.client.session
    planted.save()
    person.client.cookies["sessionid"] = planted.session_key
    person.sign_in()
    assert person.client.session.session_key != planted.session_key


def test_a_changed_password_ends_the_other_sessions_and_keeps_its_own(enrolled):
    other = enrolled.elsewhere()
    other.give_code()
    assert is_in(other)
    new = "a newly invented passphrase"
    enrolled.post("/admin/password_change/", old_password=PASSWORD, new_password1=new, new_password2=new)
    assert is_in(enrolled)
    assert not is_in(other)


def test_a_person_who_is_activated_again_has_to_sign_in_again(enrolled):
    other = enrolled.elsewhere()
    other.give_code()
    for active in (False, True):
        enrolled.user.is_active = active
        enrolled.user.save()
    assert not is_in(other)
    assert not is_in(enrolled)
    assert "your access was changed" in enrolled.get("/admin/login/").text
    enrolled.clock.now += 60
    enrolled.sign_in()
    enrolled.give_code()
    assert is_in(enrolled)


@pytest.mark.parametrize(
    ("lost", "over"),
    [
        ({"is_superuser": False}, True),
        ({"is_staff": False}, True),
        ({"groups": ["Security"]}, True),
        ({"groups": ["Security", "Support", "Other"]}, False),
        ({"first_name": "Ada"}, False),
    ],
)
def test_a_person_who_loses_a_role_is_signed_out(enrolled, lost, over):
    before = account_changes.of_user(enrolled.user) | {"groups": ["Security", "Support"]}
    after = before | lost
    enrolled.user.groups.set(Group.objects.get_or_create(name=name)[0] for name in after.pop("groups"))
    User.objects.filter(pk=enrolled.user.pk).update(**after)
    enrolled.user.refresh_from_db()
    account_changes.record_user(enrolled.user, CHANGE, before)
    User.objects.filter(pk=enrolled.user.pk).update(is_staff=True)
    assert is_in(enrolled) is not over


def test_a_reset_of_the_password_ends_sessions_even_if_the_old_one_comes_back(enrolled):
    kept = enrolled.user.password
    reset(enrolled.user, CHANGE, password=True)
    User.objects.update(password=kept)
    assert not is_in(enrolled)


def test_people_that_are_loaded_from_a_file_end_no_session(enrolled):
    sessions.end_for_inactive(User, User(pk=enrolled.user.pk, is_active=False), raw=True)
    assert is_in(enrolled)


@pytest.mark.parametrize(("environment", "secure"), [("development", False), ("sandbox", True), ("production", True)])
def test_its_cookie_is_kept_from_scripts_and_from_other_sites(environment, secure, tmp_path):
    code = f"from django.conf import settings as s; print(*(getattr(s, name) for name in {COOKIES + GUARDS}))"
    done = manage(
        tmp_path,
        "shell",
        "--no-imports",
        "-c",
        code,
        CHARTERO_ENVIRONMENT=environment,
        CHARTERO_SECRET_KEY="0123456789" * 5,
        CHARTERO_ALLOWED_HOSTS="example.com",
        CHARTERO_DIGEST_KEYS="1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    )
    prefix = "__Host-" if secure else ""
    names = [f"{prefix}sessionid", f"{prefix}csrftoken", "/", "/", "None"]
    assert done.stdout.split() == [*names, str(secure), str(secure), "True", "Lax"]


LIMITS = [
    (sessions.STARTED, sessions.LONGEST, "12 hours"),
    (sessions.SEEN, sessions.IDLE, "30 minutes"),
]


@pytest.fixture
def session(monkeypatch, db):
    monkeypatch.setattr(time, "time", lambda: float(NOW))
    session = SessionStore()
    session[SESSION_KEY] = "1"
    session.update(dict.fromkeys((sessions.STARTED, sessions.SEEN, sessions.PROVED), NOW))
    return session


NOW = 1_780_000_000


@pytest.mark.parametrize(("moment", "limit", "why"), LIMITS)
@pytest.mark.parametrize(("second", "is_over"), [(-1, False), (0, True), (1, True)])
def test_a_session_is_over_at_the_exact_second(session, moment, limit, why, second, is_over):
    session[moment] = NOW - limit - second
    assert (why in sessions.over(session)) == is_over


@pytest.mark.parametrize(("second", "noted"), [(-1, False), (0, True), (1, True)])
def test_use_is_noted_again_after_a_minute(session, second, noted):
    session[sessions.SEEN] = NOW - sessions.RESOLUTION - second
    sessions.note_use(session)
    assert (session[sessions.SEEN] == NOW) == noted


@pytest.mark.parametrize(("second", "fresh"), [(-1, True), (0, False), (1, False)])
def test_a_proof_is_fresh_for_less_than_15_minutes(session, second, fresh):
    session[sessions.PROVED] = NOW - sessions.FRESH - second
    assert sessions.is_fresh(session) == fresh
