"""Where people are signed in: what they see of it, and how they end one session or all."""

from datetime import UTC, datetime

import pytest
from django.contrib.sessions.models import Session

from partners.models.change import Action, ChangeEvent
from partners.signin.own import sessions as own_sessions
from tests.factories import CHANGE
from tests.partners.support.diagnosing import text_of
from tests.partners.support.person import ELSEWHERE, PASSWORD

PAGE, END = "/signin/sessions/", "/signin/sessions/end/"


@pytest.fixture
def other(enrolled):
    """The same person in another browser, with password and phone."""
    other = enrolled.elsewhere()
    other.give_code()
    return other


def shown(person) -> list[own_sessions.OwnSession]:
    return person.get(PAGE).context["sessions"]


def ended() -> list[dict]:
    return [event.after for event in ChangeEvent.objects.filter(action=Action.SESSIONS_ENDED).order_by("pk")]


def is_in(person) -> bool:
    return person.get().status_code == 200


def test_each_session_has_its_address_and_its_times_the_last_used_one_first(enrolled, other):
    began = int(other.clock.now)
    other.clock.now += 300
    page = enrolled.get(PAGE)
    here, there = page.context["sessions"]
    assert (here.address, there.address) == ("127.0.0.1", ELSEWHERE)
    assert (there.started_at, there.seen_at) == (datetime.fromtimestamp(began, UTC),) * 2
    assert here.seen_at == datetime.fromtimestamp(int(other.clock.now), UTC)
    assert page.context["here"] == here.reference
    assert (page.text.count("This session"), page.text.count('name="session"')) == (1, 1)


def test_a_session_that_moves_shows_where_it_is_now(enrolled):
    enrolled.clock.now += 61
    enrolled.address = "192.0.2.77"
    assert [each.address for each in shown(enrolled)] == ["192.0.2.77"]


def test_a_session_with_a_password_alone_says_so(enrolled, settings):
    enrolled.elsewhere()
    assert [each.has_second_factor for each in shown(enrolled)].count(False) == 1
    assert "Password only, no code yet" in text_of(enrolled.get(PAGE))
    settings.SECOND_FACTOR = False
    assert "Password only" not in text_of(enrolled.get(PAGE))


def test_no_page_shows_the_key_of_a_session(enrolled, other):
    page = enrolled.get(PAGE).text
    assert not any(person.client.session.session_key in page for person in (enrolled, other))


def test_only_sessions_that_are_still_good_are_shown(enrolled, other, django_user_model):
    Session.objects.create(
        session_key="a" * 32, session_data="not readable", expire_date=datetime(2100, 1, 1, tzinfo=UTC)
    )
    someone = django_user_model.objects.create_user("someone", password=PASSWORD, is_staff=True)
    assert own_sessions.of_person(someone, enrolled.client.session) == []
    other.clock.now += 28 * 60
    assert len(shown(enrolled)) == 2
    other.clock.now += 2 * 60
    assert len(shown(enrolled)) == 1


def test_a_changed_password_leaves_one(enrolled, other):
    new = "a newly invented passphrase"
    enrolled.post("/admin/password_change/", old_password=PASSWORD, new_password1=new, new_password2=new)
    assert len(shown(enrolled)) == 1


def test_one_session_is_ended_and_recorded(enrolled, other):
    (there,) = [each for each in shown(enrolled) if each.address == ELSEWHERE]
    answer = enrolled.client.post(END, {"session": there.reference}, follow=True)
    assert "The session was ended." in answer.text
    assert (is_in(enrolled), is_in(other)) == (True, False)
    assert ended() == [{"username": "invented", "sessions": "one", "address": ELSEWHERE}]
    assert (
        "This session has already ended." in enrolled.client.post(END, {"session": there.reference}, follow=True).text
    )
    assert len(ended()) == 1


def test_nobody_ends_a_session_of_somebody_else(enrolled, django_user_model):
    key = enrolled.client.session.session_key
    someone = django_user_model.objects.create_user("someone", password=PASSWORD, is_staff=True)
    assert own_sessions.end_one(someone, CHANGE, own_sessions.reference(key)) is False
    assert is_in(enrolled)


def test_signing_out_everywhere_ends_all_of_them(enrolled, other):
    answer = enrolled.post(END)
    assert "You are signed out" in answer.text
    assert answer["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    assert (is_in(enrolled), is_in(other)) == (False, False)
    assert "you signed out everywhere" in other.get("/admin/login/").text
    assert ended() == [{"username": "invented", "sessions": "all"}]


def test_ending_takes_a_fresh_password_and_a_form(enrolled, other):
    enrolled.clock.now += 16 * 60
    assert "Confirm your password" in enrolled.post(END).text
    assert enrolled.get(END).status_code == 405
    assert is_in(other)


def test_whoever_has_given_no_more_than_the_password_sees_no_sessions(halfway):
    assert halfway.get(PAGE).url.startswith("/signin/code/")
    assert halfway.post(END).url.startswith("/signin/code/")


def test_a_session_without_an_address_says_that_it_is_not_known(enrolled):
    session = enrolled.client.session
    del session["signin_address"]
    session.save()
    assert "Not known" in text_of(enrolled.get(PAGE))


def test_the_page_takes_the_same_statements_for_many_sessions(enrolled, django_assert_num_queries, monkeypatch):
    for _ in range(5):
        enrolled.elsewhere()
    current = enrolled.client.session
    current.items()
    with django_assert_num_queries(2):
        assert len(own_sessions.of_person(enrolled.user, current)) == 6
    monkeypatch.setattr(own_sessions, "LOOKED_AT", 2)
    assert len(own_sessions.of_person(enrolled.user, current)) == 2
