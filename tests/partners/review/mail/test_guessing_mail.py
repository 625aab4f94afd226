"""Alerts about networks with many wrong keys: on Home, and one e-mail a day about each."""

from contextlib import nullcontext
from datetime import timedelta

import pytest
from django.core.mail import EmailMessage
from django.utils import timezone

from partners.models import GuessingAlert, UnkeyedCount
from partners.record.unknown_callers import wrong_secrets
from tests.partners.support.command_line import refused, run, run_json

pytestmark = pytest.mark.django_db
SEND = "send_alerts"


def sent(source, count, *, code="invalid_key", ago=timedelta()):
    minute = (timezone.now() - ago).replace(second=0, microsecond=0)
    return UnkeyedCount.objects.create(minute=minute, source=source, reason_code=code, count=count)


def guessed():
    """Have 100 wrong keys come from two addresses of one network."""
    sent("203.0.113.7", 60)
    return sent("203.0.113.8", 40, code="malformed_token")


def test_the_calls_of_a_network_are_added_up():
    last = guessed()
    sent("198.51.100.7", 99)
    sent("198.51.100.8", 500, code="missing_bearer")
    sent("", 500)
    sent("192.0.2.1", 500, ago=timedelta(hours=24))
    (found,) = wrong_secrets.networks_with_many().rows
    assert (found.network, found.shown, found.addresses, found.last_at) == ("203.0.113.0/24", "100", 2, last.minute)


def test_home_shows_them_to_those_who_see_requests(support):
    assert "with many wrong keys" not in support.get("/admin/").text
    guessed()
    text = support.get("/admin/").text
    assert "1 network\n  with many wrong keys" in text
    assert "203.0.113.0/24" in text


@pytest.mark.usefixtures("postbox")
def test_each_network_is_in_one_mail_a_day(mailoutbox):
    assert run(SEND) == "No alert is due.\n"
    guessed()
    assert run_json(SEND) == {
        "busy": False,
        "networks": [{"network": "203.0.113.0/24", "calls": 100}],
        "access_requests": 0,
        "endpoints": [],
        "webhooks_waiting_since": None,
    }
    assert run_json(SEND)["networks"] == []
    (mail,) = mailoutbox
    assert (mail.subject, mail.to) == (
        "Many wrong API keys from 1 network",
        ["one@example.com", "two@example.com"],
    )
    assert "203.0.113.0/24\n  Calls      100\n  Addresses  2" in mail.body
    assert str(GuessingAlert.objects.get()).startswith("203.0.113.0/24 on ")
    GuessingAlert.objects.update(day=timezone.now().date() - timedelta(days=1))
    sent("2001:db8::1", 1_000)
    assert run(SEND).splitlines()[1:] == ["2001:db8::/64   1,000", "203.0.113.0/24  100"]
    assert mailoutbox[1].subject == "Many wrong API keys from 2 networks"


@pytest.mark.usefixtures("postbox")
def test_what_could_not_be_sent_stays_due(monkeypatch):
    guessed()
    with monkeypatch.context() as context:
        context.setattr(EmailMessage, "send", lambda self: (_ for _ in ()).throw(ConnectionRefusedError("words")))
        said = refused(SEND)
    assert "The email could not be sent (ConnectionRefusedError). The next run tries again." in said
    assert "words" not in said
    assert len(run_json(SEND)["networks"]) == 1


@pytest.mark.usefixtures("postbox")
def test_two_runs_at_once_send_nothing_twice(mailoutbox, monkeypatch):
    guessed()
    monkeypatch.setattr("partners.management.commands.send_alerts.only_run", lambda job: nullcontext(False))
    assert run(SEND) == "Another run is already sending the alerts.\n"
    assert mailoutbox == []


def test_without_a_mail_server_it_says_what_to_set(settings):
    settings.STAFF_EMAIL = []
    assert "Set" in refused(SEND)
