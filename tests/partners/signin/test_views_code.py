import pytest

from partners.models.change import Action, ChangeEvent
from partners.signin.models import Phone, RecoveryCode


def test_a_code_opens_and_leads_to_where_one_wanted_to_be(halfway):
    answer = halfway.give_code(next="/admin/partners/apikey/?o=1")
    assert answer.url == "/admin/partners/apikey/?o=1"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:///evil.example",
        "\x01",
        "",
    ],
)
@pytest.mark.parametrize("page", ["/signin/code/", "/signin/password/", "/signin/enrol/"])
def test_it_never_leads_to_another_site(halfway, page, elsewhere):
    shown = halfway.get(page, query_params={"next": elsewhere})
    assert not elsewhere or shown.status_code == 302 or f'value="{elsewhere}"' not in shown.text
    assert halfway.give_code(next=elsewhere).url == "/admin/"


def test_a_code_opens_once(halfway, enrolled):
    code = halfway.code()
    halfway.give_code(code)
    again = enrolled.elsewhere()
    again.clock.now -= 60
    assert "already used" in again.give_code(code).text
    assert again.get().status_code == 302


def test_a_wrong_code_is_refused_and_has_the_next_one_wait(halfway, monkeypatch):
    monkeypatch.setattr(Phone, "get_throttle_factor", lambda self: 600)  # a busy machine needs the usual second
    assert "This code is wrong" in halfway.give_code(halfway.wrong_code()).text
    assert "Too many wrong codes. Wait" in halfway.give_code().text
    assert halfway.get().status_code == 302


def test_a_wrong_code_is_not_repeated_on_the_page(halfway):
    assert 'value="000' not in halfway.give_code(halfway.wrong_code()).text


def test_nothing_typed_is_asked_for_again(halfway):
    assert "required" in halfway.give_code("").text


@pytest.mark.parametrize("page", ["code", "recovery"])
def test_a_person_without_a_phone_sets_one_up(person, page):
    person.sign_in()
    assert person.get(f"/signin/{page}/?next=/admin/auth/").url == "/signin/enrol/?next=%2Fadmin%2Fauth%2F"


@pytest.mark.parametrize("page", ["code", "recovery"])
def test_a_person_who_gave_a_code_is_not_asked_again(enrolled, page):
    assert enrolled.get(f"/signin/{page}/?next=/admin/auth/").url == "/admin/auth/"


def test_a_recovery_code_opens_once_and_leads_to_a_new_phone(halfway, enrolled):
    code = halfway.recovery_codes[0]
    assert halfway.give_recovery_code(code).url == "/signin/second-factor/"
    assert "9 left" in halfway.get("/signin/second-factor/").text
    assert halfway.get().status_code == 200
    assert "one of your unused recovery codes" in enrolled.elsewhere().give_recovery_code(code).text


def test_the_use_of_a_recovery_code_is_recorded(halfway):
    halfway.give_recovery_code(halfway.recovery_codes[0])
    event = ChangeEvent.objects.get(action=Action.RECOVERY_CODE_USED)
    assert (event.by, event.source) == ("invented", halfway.address)
    assert event.after == {"username": "invented", "left": 9}


def test_waits_for_the_phone_do_not_keep_a_recovery_code_out(halfway):
    halfway.give_code(halfway.wrong_code())
    assert Phone.of(halfway.user).seconds_to_wait() > 0
    assert halfway.give_recovery_code(halfway.recovery_codes[0]).status_code == 302


def test_few_codes_left_are_warned_of(enrolled):
    RecoveryCode.objects.filter(pk__in=RecoveryCode.objects.values("pk")[:8]).delete()
    assert "almost out of recovery codes" in enrolled.get("/signin/second-factor/").text


@pytest.mark.parametrize("page", ["code", "recovery", "enrol", "password"])
def test_no_cache_keeps_a_page(halfway, person, page):
    assert "no-store" in halfway.get(f"/signin/{page}/")["Cache-Control"]
