"""A second before, at and after each moment that decides about a session."""

import time

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.signed_cookies import SessionStore

from partners.signin.guards import sessions

NOW = 1_780_000_000
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
