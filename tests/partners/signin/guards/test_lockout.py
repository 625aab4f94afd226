from datetime import timedelta

import pytest
from axes.handlers import proxy
from axes.models import AccessAttempt
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import RequestFactory
from django.utils import timezone

from chartero.logs import told
from partners.models.change import Action, ChangeEvent
from partners.signin.forms import SignInForm
from partners.signin.guards import lockout
from tests.partners.support.person import ELSEWHERE, PASSWORD


@pytest.fixture
def locked(person):
    """Somebody who has mistyped the password five times."""
    person.answers = [person.sign_in("wrong") for _ in range(5)]
    return person


def test_the_fifth_failure_locks(locked):
    assert [answer.status_code for answer in locked.answers] == [200, 200, 200, 200, 429]


def test_then_even_the_right_password_is_refused_with_what_to_do(locked):
    answer = locked.sign_in()
    assert (answer.status_code, 1790 < int(answer["Retry-After"]) <= 1800) == (429, True)
    assert "blocked for 30 minutes," in answer.text
    assert "ask a superuser" in answer.text
    assert locked.get().url.startswith("/admin/login/")


def test_elsewhere_the_same_person_gets_in(locked):
    locked.address = ELSEWHERE
    assert locked.sign_in().status_code == 302


def test_here_another_person_gets_in(locked):
    User.objects.create_user("another", password=PASSWORD, is_staff=True)
    answer = locked.post("/admin/login/", username="another", password=PASSWORD)
    assert answer.status_code == 302


def test_it_ends_after_30_minutes_and_further_attempts_do_not_extend_it(locked):
    AccessAttempt.objects.update(attempt_time=timezone.now() - timezone.timedelta(minutes=29))
    assert locked.sign_in().status_code == 429
    AccessAttempt.objects.update(attempt_time=timezone.now() - timezone.timedelta(minutes=31))
    assert locked.sign_in().status_code == 302


@pytest.mark.parametrize(
    ("passed", "seconds", "words"),
    [
        (timedelta(minutes=29), 60, "blocked for 1 minute,"),
        (timedelta(minutes=10), 1200, "blocked for 20 minutes,"),
        (timedelta(minutes=29, seconds=59, milliseconds=999), 1, "blocked for 1 minute,"),
    ],
)
def test_it_says_how_long_it_lasts_from_now(locked, passed, seconds, words, monkeypatch):
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    monkeypatch.setattr(proxy, "now", lambda: now)
    AccessAttempt.objects.update(attempt_time=now - passed)
    for answer in (locked.sign_in(), locked.sign_in("wrong")):
        assert int(answer["Retry-After"]) == seconds
        assert words in answer.text


def attempt(number: int, minutes_ago: int, name: str = "invented", agent: str = "browser") -> None:
    digest, at = lockout.name_digest(name), timezone.now() - timedelta(minutes=minutes_ago)
    made = AccessAttempt.objects.create(
        username=digest, ip_address="127.0.0.1", user_agent=agent, failures_since_start=number
    )
    AccessAttempt.objects.filter(pk=made.pk).update(attempt_time=at)


@pytest.mark.parametrize(
    ("attempts", "minutes"),
    [
        ([(5, 20)], 10),
        ([(3, 20), (2, 5)], 10),
        ([(2, 20), (5, 5)], 25),
        ([(1, 29), (1, 20), (4, 10)], 10),
        ([(4, 20)], 0),
        ([(3, 31), (4, 5)], 0),
    ],
)
def test_it_ends_when_too_few_failures_are_left(person, attempts, minutes):
    for number, (failures, minutes_ago) in enumerate(attempts):
        attempt(failures, minutes_ago, agent=f"browser {number}")
    answer = person.sign_in()
    assert round(int(answer.headers.get("Retry-After", 0)) / 60) == minutes
    assert answer.status_code == (429 if minutes else 302)


def test_many_names_from_one_address_lock_the_address(person):
    answers = [person.post("/admin/login/", username=f"name {number}", password="wrong") for number in range(30)]
    assert [answer.status_code for answer in answers] == [200] * 19 + [429] * 11
    assert person.sign_in().status_code == 429
    person.address = ELSEWHERE
    assert person.sign_in().status_code == 302


def test_the_page_says_how_long_the_lockout_lasts(person):
    for number in range(4):
        attempt(5, 20 + number, name=f"name {number}")
    assert round(int(person.sign_in()["Retry-After"]) / 60) == 7


def test_every_place_that_asks_for_a_password_counts(enrolled):
    new = {"new_password1": "a newly invented passphrase", "new_password2": "a newly invented passphrase"}
    answers = [enrolled.post("/admin/password_change/", old_password="wrong", **new) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
    assert enrolled.post("/admin/password_change/", old_password=PASSWORD, **new).status_code == 429
    assert enrolled.post("/signin/password/", proof_of_password=PASSWORD).status_code == 429
    assert enrolled.sign_in().status_code == 429
    assert enrolled.user.check_password(PASSWORD)


def lockouts() -> list[tuple]:
    rows = ChangeEvent.objects.filter(action=Action.LOCKED_OUT).order_by("pk")
    return [*rows.values_list("by", "source", "after__locked")]


def test_a_lockout_is_one_change_on_record_and_failures_are_none(locked):
    locked.sign_in("wrong")
    locked.sign_in()
    assert lockouts() == [("invented", "127.0.0.1", "name")]
    assert ChangeEvent.objects.count() == 1


def test_a_lockout_of_an_unknown_name_does_not_record_the_name(person):
    for _ in range(6):
        person.post("/admin/login/", username="typed by mistake", password="wrong")
    assert lockouts() == [("unknown name", "127.0.0.1", "name")]
    assert "typed" not in str(ChangeEvent.objects.values())


def test_a_flood_of_names_is_few_rows(person):
    for number in range(40):
        person.post("/admin/login/", username=f"name {number // 5}", password="wrong")
    assert lockouts() == [("unknown name", "127.0.0.1", "name")] * 3 + [("several names", "127.0.0.1", "address")]


def test_a_flood_from_one_ipv6_network_is_one_row(person):
    for number in range(30):
        person.address = f"2001:db8::{number:x}"
        person.sign_in("wrong")
    assert lockouts() == [("invented", "2001:db8::", "name")]


def test_the_log_and_the_record_identify_a_failure_the_same_way(locked, caplog):
    (event,) = ChangeEvent.objects.filter(action=Action.LOCKED_OUT)
    line = next(told(record)["event"] for record in caplog.get_records("setup") if "Locking out" in record.getMessage())
    assert f"name {event.after['name_in_log']} at 127.0.0.1" in line
    assert len(event.after["name_in_log"]) == 12


def test_an_unknown_name_gets_the_same_answer(locked):
    answers = [locked.post("/admin/login/", username="nobody", password="wrong") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [answer.status_code for answer in locked.answers]
    assert answers[4].content == locked.answers[4].content
    assert answers[0].context["form"].errors == locked.answers[0].context["form"].errors


def test_another_browser_at_the_same_address_does_not_help(person):
    for number in range(5):
        answer = person.client.post(
            "/admin/login/", {"username": "invented", "password": "wrong"}, HTTP_USER_AGENT=f"browser {number}"
        )
    assert answer.status_code == 429


def test_wrong_codes_count_too_and_a_password_in_between_forgets_nothing(halfway):
    for _ in range(4):
        halfway.give_recovery_code("wrong")
    halfway.sign_in()
    assert halfway.give_recovery_code("wrong").status_code == 429
    assert halfway.give_code().status_code == 429
    assert halfway.give_recovery_code(halfway.recovery_codes[0]).status_code == 429


def test_a_complete_sign_in_forgets_the_failures(halfway):
    halfway.give_recovery_code("wrong")
    assert lockout.failures("invented") == 1
    halfway.give_code()
    assert lockout.failures("invented") == 0


def test_without_a_second_factor_the_password_forgets_them(person, settings):
    settings.SECOND_FACTOR = False
    person.sign_in("wrong")
    person.sign_in()
    assert lockout.failures("invented") == 0


def test_the_right_password_of_a_person_who_is_not_staff_looks_wrong_and_counts(person, monkeypatch):
    monkeypatch.setattr(admin.site, "login_form", SignInForm)
    User.objects.filter(pk=person.user.pk).update(is_staff=False)
    answers = [person.sign_in() for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]


def test_staff_sign_in_with_that_form(person, monkeypatch):
    monkeypatch.setattr(admin.site, "login_form", SignInForm)
    assert "The name or password is wrong" in person.sign_in("wrong").text
    assert person.sign_in().status_code == 302


def test_nothing_typed_is_stored(person, caplog):
    for password in ("typed secret 1", "typed secret 2"):
        person.post(
            "/admin/login/?q=typed+secret+3", username="typed secret 4", password=password, code="typed secret 5"
        )
    (attempt,) = AccessAttempt.objects.values()
    assert attempt["failures_since_start"] == 2
    assert attempt["get_data"] == attempt["post_data"] == ""
    assert "typed" not in str(attempt) + caplog.text
    assert "127.0.0.1" in caplog.text


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::"),
        ("", "0.0.0.0"),
    ],
)
def test_an_ipv6_network_counts_as_one_address(address, counted):
    assert lockout.network(RequestFactory(REMOTE_ADDR=address).get("/")) == counted


@pytest.mark.parametrize("credentials", [None, {}, {"username": None}, {"username": ""}])
def test_an_attempt_without_a_name_has_a_name_to_count_under(credentials):
    assert lockout.typed_name(None, credentials) == lockout.name_digest("")


def test_a_failure_without_an_address_is_counted(person):
    person.address = ""
    assert [person.sign_in("wrong").status_code for _ in range(5)][-1] == 429
