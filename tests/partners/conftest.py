"""Who signs in, which key calls, whose data were disclosed, the post, and the clock."""

from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone

from partners.models import ApiKey, Organization
from partners.review import handing_over
from tests.api import Api
from tests.factories import CHANGE, issue
from tests.partners.support.counting import NOW
from tests.partners.support.disclosing import Told
from tests.partners.support.postbox import Postbox
from tests.partners.support.staff import signed_in


@pytest.fixture
def support(db) -> Client:
    return signed_in("Support")


@pytest.fixture
def onboarding(db) -> Client:
    return signed_in("Partner onboarding")


@pytest.fixture
def security(db) -> Client:
    return signed_in("Security")


@pytest.fixture
def shipped_lifetimes(settings) -> None:
    """The limits as a deployment has them that sets none."""
    settings.KEY_LIFETIME_DAYS, settings.KEY_LONGEST_LIFETIME_DAYS = 90, 365


@pytest.fixture
def slow_postbox(postbox, monkeypatch) -> None:
    """A mail server that takes 15 seconds for each e-mail, by a clock of its own."""
    now, opened = [0.0], Postbox.open

    def open_slowly(self: Postbox) -> bool:
        now[0] += 15
        return opened(self)

    monkeypatch.setattr(Postbox, "open", open_slowly)
    monkeypatch.setattr(handing_over, "time", SimpleNamespace(monotonic=lambda: now[0]))


@pytest.fixture
def newcomer(db) -> Organization:
    """An organization that may call nothing yet."""
    return Organization.create("Invented Newcomer", CHANGE)


@pytest.fixture
def key(organization) -> ApiKey:
    return issue(organization)[0]


@pytest.fixture
def owned(organization) -> tuple[ApiKey, Api]:
    """A key that everything is open to, and its API."""
    key, token = issue(organization)
    return key, Api(token)


@pytest.fixture
def told(organization) -> Told:
    return Told(organization)


@pytest.fixture
def postbox(settings, tmp_path, monkeypatch) -> None:
    """A deployment that sends e-mail, into a mailbox that takes it."""
    settings.DATA_DIR = tmp_path
    settings.EMAIL_BACKEND = "tests.partners.support.postbox.Postbox"
    settings.DEFAULT_FROM_EMAIL = "Partner access <access@example.com>"
    settings.STAFF_EMAIL = ["one@example.com", "two@example.com"]
    settings.BASE_URL = "https://api.example.com/"
    for name, value in {"down": False, "refused": set(), "opened": 0}.items():
        monkeypatch.setattr(Postbox, name, value)


@pytest.fixture
def clock(monkeypatch) -> Callable[[datetime], None]:
    """Stop the clock, and set it."""

    def set_to(now: datetime) -> None:
        monkeypatch.setattr(timezone, "now", lambda: now)

    set_to(NOW)
    return set_to
