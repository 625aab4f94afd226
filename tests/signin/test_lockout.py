import pytest
from axes.models import AccessAttempt
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import RequestFactory
from django.utils import timezone

from partners.signin import lockout
from partners.signin.forms import SignInForm
from tests.signin.person import ELSEWHERE, PASSWORD


@pytest.fixture
def locked(person):
    """Somebody who has mistyped the password five times."""
    person.answers = [person.sign_in("wrong") for _ in range(5)]
    return person


def test_the_fifth_failure_locks(locked):
    assert [answer.status_code for answer in locked.answers] == [200, 200, 200, 200, 429]


def test_then_even_the_right_password_is_refused_with_what_to_do(locked):
    answer = locked.sign_in()
    assert (answer.status_code, answer["Retry-After"]) == (429, "1800")
    assert "for 30 minutes" in answer.text
    assert "ask a superuser" in answer.text
    assert locked.get().url.startswith("/admin/login/")


def test_elsewhere_the_same_person_gets_in(locked):
    locked.address = ELSEWHERE
    assert locked.sign_in().status_code == 302


def test_here_another_person_gets_in(locked):
    User.objects.create_user("another", password=PASSWORD, is_staff=True)
    answer = locked.post("/admin/login/", username="another", password=PASSWORD)
    assert answer.status_code == 302


def test_it_ends_after_30_minutes_which_attempts_in_between_do_not_prolong(locked):
    AccessAttempt.objects.update(attempt_time=timezone.now() - timezone.timedelta(minutes=29))
    assert locked.sign_in().status_code == 429
    AccessAttempt.objects.update(attempt_time=timezone.now() - timezone.timedelta(minutes=31))
    assert locked.sign_in().status_code == 302


def test_a_name_that_nobody_has_is_answered_alike(locked):
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


def test_a_right_password_of_who_is_not_staff_looks_wrong_and_counts(person, monkeypatch):
    monkeypatch.setattr(admin.site, "login_form", SignInForm)
    User.objects.filter(pk=person.user.pk).update(is_staff=False)
    answers = [person.sign_in() for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]


def test_who_is_staff_signs_in_by_that_form(person, monkeypatch):
    monkeypatch.setattr(admin.site, "login_form", SignInForm)
    assert "Name or password is wrong" in person.sign_in("wrong").text
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
