"""People who sign in, their phones, and a clock that a test moves."""

import time
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from django.test import Client

from partners.signin.guards import sessions, totp
from tests.partners.support.person import PASSWORD, Person


@pytest.fixture(autouse=True)
def second_factor(settings):
    """As shipped, whatever the other tests are run with."""
    settings.SECOND_FACTOR = True


@pytest.fixture
def clock(monkeypatch):
    """The time of sessions and codes; `clock.now += 30` lets half a minute pass."""
    clock = SimpleNamespace(now=time.time())
    clock.time = lambda: clock.now
    monkeypatch.setattr(sessions, "time", clock)
    monkeypatch.setattr(totp, "time", clock)
    return clock


@pytest.fixture
def user(db):
    return User.objects.create_user("invented", password=PASSWORD, is_staff=True, is_superuser=True)


@pytest.fixture
def person(user, clock):
    """Somebody before the sign-in page."""
    return Person(user, clock, Client())


@pytest.fixture
def enrolled(person):
    """Somebody who has signed in with password and phone."""
    person.sign_in()
    person.enrol()
    return person


@pytest.fixture
def halfway(enrolled):
    """Somebody with a phone who has given no more than the password."""
    return enrolled.elsewhere()
