import pytest

from partners.models.change import Action, ChangeEvent
from partners.signin import views
from partners.signin.guards import totp
from partners.signin.models import Phone, RecoveryCode


def test_a_first_sign_in_leads_to_a_phone_and_then_on(person):
    assert person.sign_in(next="/admin/auth/").url == "/admin/auth/"
    assert person.get("/admin/auth/").url == "/signin/code/?next=%2Fadmin%2Fauth%2F"
    answer = person.enrol(next="/admin/auth/")
    assert 'href="/admin/auth/"' in answer.text
    assert person.get("/admin/auth/").status_code == 200


def test_the_codes_are_shown_in_that_answer_and_never_again(person):
    person.sign_in()
    answer = person.enrol()
    assert len(person.recovery_codes) == 10
    assert "no-store" in answer["Cache-Control"]
    for path in ("/signin/second-factor/", "/signin/enrol/", "/admin/"):
        assert person.recovery_codes[0] not in person.get(path).text


def test_it_is_recorded(enrolled):
    event = ChangeEvent.objects.get(action=Action.SECOND_FACTOR_SET_UP)
    assert (event.by, event.source) == ("invented", "127.0.0.1")
    assert event.after == {"username": "invented", "replaced_another": False}


def test_the_code_that_confirmed_it_is_used(enrolled):
    other = enrolled.elsewhere()
    other.clock.now -= 60
    assert "already used" in other.give_code().text


def test_a_wrong_code_sets_nothing_up_and_keeps_the_secret(person):
    person.sign_in()
    before = person.get("/signin/enrol/").context["secret"]
    answer = person.post("/signin/enrol/", code="x")
    assert "This code doesn&#x27;t match" in answer.text
    assert answer.context["secret"] == before
    assert not Phone.objects.exists()


def test_each_session_has_its_own_secret(person):
    person.sign_in()
    mine, others = (each.get("/signin/enrol/").context["secret"] for each in (person, person.elsewhere()))
    assert mine != others


def test_the_picture_holds_the_secret_that_is_written(person, monkeypatch):
    monkeypatch.setattr(totp, "qr_code", lambda seed, username: totp.uri(seed, username).encode())
    person.sign_in()
    secret = person.get("/signin/enrol/").context["secret"].replace(" ", "")
    answer = person.get("/signin/enrol/qr.svg")
    assert answer["Content-Type"] == "image/svg+xml"
    assert answer.text == f"otpauth://totp/chartero%3Ainvented?secret={secret}&issuer=chartero"


def test_the_picture_is_kept_by_no_cache_and_read_only(person):
    person.sign_in()
    person.get("/signin/enrol/")
    assert "no-store" in person.get("/signin/enrol/qr.svg")["Cache-Control"]
    assert person.post("/signin/enrol/qr.svg").status_code == 405


def test_afterwards_there_is_no_picture_and_no_secret(enrolled, halfway):
    assert enrolled.get("/signin/enrol/qr.svg").status_code == 404
    assert halfway.get("/signin/enrol/qr.svg").status_code == 404
    assert views.SEED not in enrolled.client.session


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stolen_password_replaces_no_phone(halfway, method):
    answer = getattr(halfway, method)("/signin/enrol/")
    assert answer.url.startswith("/signin/code/")
    assert Phone.objects.count() == 1


def test_nor_does_it_where_the_second_factor_is_off(halfway, settings):
    settings.SECOND_FACTOR = False
    assert halfway.get("/signin/enrol/").url.startswith("/signin/code/")
    assert halfway.post("/signin/second-factor/codes/").url == "/signin/code/"


def test_it_needs_a_fresh_password(person):
    person.sign_in()
    person.clock.now += 15 * 60
    assert person.get("/signin/enrol/").url.startswith("/signin/password/")


def test_another_phone_takes_the_place_of_the_first_and_ends_what_that_verified(enrolled):
    other = enrolled.elsewhere()
    other.give_code()
    first = enrolled.secret
    enrolled.enrol()
    assert enrolled.secret != first
    assert enrolled.get().status_code == 200
    assert other.get().status_code == 302
    assert Phone.objects.count() == 1
    assert ChangeEvent.objects.first().after["replaced_another"] is True


def test_sent_twice_it_shows_no_codes_the_second_time(person):
    person.sign_in()
    person.enrol()
    answer = person.post("/signin/enrol/", code=person.code())
    assert answer.url == "/signin/second-factor/"
    assert RecoveryCode.use(person.user, person.recovery_codes[0])


def test_of_two_sent_at_once_the_first_sets_it_up(person):
    person.sign_in()
    person.get("/signin/enrol/")
    seed = person.client.session[views.SEED]
    person.enrol()
    session = person.client.session
    session[views.SEED] = seed
    session.save()
    assert person.post("/signin/enrol/", code=person.code()).url == "/signin/second-factor/"
    assert ChangeEvent.objects.filter(action=Action.SECOND_FACTOR_SET_UP).count() == 1


def test_new_recovery_codes_end_the_earlier_ones(enrolled):
    answer = enrolled.post("/signin/second-factor/codes/")
    assert "no-store" in answer["Cache-Control"]
    assert enrolled.recovery_codes[0] not in answer.text
    assert not RecoveryCode.use(enrolled.user, enrolled.recovery_codes[0])
    assert ChangeEvent.objects.first().action == Action.RECOVERY_CODES_RENEWED


def test_new_recovery_codes_are_asked_for_by_post(enrolled):
    assert enrolled.get("/signin/second-factor/codes/").status_code == 405


def test_without_a_second_factor_the_page_offers_one(person, settings):
    settings.SECOND_FACTOR = False
    person.sign_in()
    assert "Set up a second factor" in person.get("/signin/second-factor/").text
    person.enrol()
    assert "10 left" in person.get("/signin/second-factor/").text
