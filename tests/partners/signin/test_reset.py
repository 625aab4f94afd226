import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client

from partners.models.change import Action, Change, ChangeEvent
from partners.signin.guards import lockout
from partners.signin.models import Phone, RecoveryCode
from partners.signin.reset import reset
from tests.partners.support.command_line import refused, run, run_json
from tests.partners.support.person import PASSWORD, Person


@pytest.fixture
def boss(enrolled, clock):
    """A superuser who resets for somebody else."""
    user = User.objects.create_user("boss", password=PASSWORD, is_staff=True, is_superuser=True)
    boss = Person(user, clock, Client(), "192.0.2.1")
    boss.sign_in()
    boss.enrol()
    return boss


@pytest.fixture
def page(enrolled):
    return f"/signin/reset/{enrolled.user.pk}/"


def last_event() -> ChangeEvent:
    return ChangeEvent.objects.filter(action=Action.SIGN_IN_RESET).first()


def test_a_second_factor_is_removed_with_its_codes_and_what_it_verified(boss, page, enrolled):
    answer = boss.post(page, second_factor="on", reason="lost phone, known by voice", ticket="T-1")
    assert "recorded" in answer.text
    assert enrolled.get().url.startswith("/signin/code/")
    assert enrolled.get("/signin/code/").url.startswith("/signin/enrol/")
    assert not RecoveryCode.objects.filter(user=enrolled.user).exists()
    assert Phone.of(boss.user)


def test_a_lockout_is_removed_at_every_address(boss, page, enrolled):
    for enrolled.address in ("198.51.100.1", "198.51.100.2"):
        assert [enrolled.sign_in("wrong").status_code for _ in range(5)][-1] == 429
    boss.post(page, lockout="on", reason="mistyped")
    assert lockout.failures("invented") == 0
    assert enrolled.sign_in().status_code == 302
    assert last_event().before["failures"] == 10


def test_parts_that_are_not_named_stay(boss, page, enrolled):
    enrolled.sign_in("wrong")
    boss.post(page, password="on", reason="lost password")
    assert (lockout.failures("invented"), RecoveryCode.left(enrolled.user).count()) == (1, 10)
    boss.post(page, lockout="on", reason="mistyped")
    assert (lockout.failures("invented"), RecoveryCode.left(enrolled.user).count()) == (0, 10)


def test_a_password_is_shown_once_and_ends_the_sessions(boss, page, enrolled):
    answer = boss.post(page, password="on", reason="lost password")
    made = answer.context["password"]
    assert f">{made}<" in answer.text
    assert "no-store" in answer["Cache-Control"]
    assert enrolled.get().url.startswith("/admin/login/")
    assert enrolled.sign_in(made).status_code == 302
    assert made not in boss.get(page).text + str(ChangeEvent.objects.values())


def test_who_when_where_and_why_is_recorded_and_nothing_else(boss, page):
    boss.post(page, second_factor="on", password="on", reason=" lost phone ", ticket="T-1")
    event = last_event()
    assert (event.by, event.source, event.reason, event.ticket) == ("boss", "192.0.2.1", "lost phone", "T-1")
    assert event.before == {"username": "invented", "second_factor": True, "recovery_codes": 10, "failures": 0}
    changed = {"second_factor": False, "recovery_codes": 0, "password": "replaced"}
    assert event.after == event.before | changed


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"second_factor": "on"}, "required"),
        ({"second_factor": "on", "reason": "  "}, "required"),
        ({"reason": "x"}, "Choose what to reset"),
        ({"lockout": "on", "reason": "x\x07"}, "control characters"),
    ],
)
def test_a_form_that_lacks_something_changes_nothing(boss, page, form, told):
    assert told in boss.post(page, **form).text
    assert last_event() is None
    assert Phone.objects.count() == 2


def test_it_needs_a_fresh_password(boss, page):
    boss.clock.now += 15 * 60
    assert boss.get(page).url.startswith("/signin/password/")
    assert "Confirm your password" in boss.post(page, lockout="on", reason="x").text
    assert last_event() is None


@pytest.mark.parametrize("method", ["get", "post"])
def test_only_superusers_can_reset(boss, page, method):
    User.objects.filter(pk=boss.user.pk).update(is_superuser=False)
    assert getattr(boss, method)(page).status_code == 403


def test_an_unknown_user_is_not_found(boss):
    assert boss.get("/signin/reset/999999/").status_code == 404


@pytest.mark.parametrize(
    ("reason", "parts", "code"), [("x", {}, "nothing_asked"), (" ", {"lockout": True}, "reason_required")]
)
def test_the_rules_hold_without_a_form(user, reason, parts, code):
    with pytest.raises(ValidationError) as refusal:
        reset(user, Change("tester", "tests", reason), **parts)
    assert refusal.value.code == code
    assert not ChangeEvent.objects.exists()


def test_the_command_resets_what_is_named(enrolled):
    enrolled.elsewhere().give_recovery_code("wrong")
    told = run_json("reset_signin", "invented", "--second-factor", "--lockout", "--reason", "lost", "--by", "operator")
    assert told == {"username": "invented", "second_factor": False, "recovery_codes": 0, "failures": 0}
    assert (last_event().by, last_event().source) == ("operator", "command line")
    assert enrolled.user.check_password(PASSWORD)


def test_the_command_shows_a_new_password_once(enrolled):
    made = run_json("reset_signin", "invented", "--password", "--reason", "lost")["new_password"]
    enrolled.user.refresh_from_db()
    assert enrolled.user.check_password(made)
    assert Phone.of(enrolled.user)
    assert "failures" in run("reset_signin", "invented", "--lockout", "--reason", "x")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nobody", "--lockout", "--reason", "x"], "no user with this name"),
        (["invented", "--reason", "x"], "Choose what to reset"),
        (["invented", "--lockout", "--reason", " "], "Give the reason"),
        (["invented", "--lockout"], "--reason"),
    ],
)
def test_the_command_says_what_to_do(user, arguments, told):
    assert told in refused("reset_signin", *arguments)
