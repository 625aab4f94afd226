"""`send_failure`: staff are told what failed, also if the database is what failed."""

import socket

import pytest
from django.core.management import call_command, load_command_class
from django.core.management.base import SystemCheckError

from tests.partners.support.command_line import refused, run_json
from tests.partners.support.postbox import Postbox

pytestmark = pytest.mark.usefixtures("postbox")


def test_staff_are_told_without_a_database(mailoutbox, settings):
    settings.STAFF_EMAIL = ["staff@example.org"]
    told = run_json("send_failure", "chartero-run@count_usage")
    assert told == {"unit": "chartero-run@count_usage", "sent_to": ["staff@example.org"]}
    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == (
        ["staff@example.org"],
        f"chartero-run@count_usage failed on {socket.gethostname()}",
    )
    assert "journalctl -u 'chartero-run@count_usage' -n 100\n" in mail.body


def test_staff_are_told_of_a_service_that_does_not_start_because_of_its_settings(mailoutbox, settings):
    settings.AUDIO_URL_SECONDS = 1
    with pytest.raises(SystemCheckError):
        call_command("check")
    load_command_class("partners", "send_failure").run_from_argv(["manage.py", "send_failure", "chartero-web@staff"])
    assert len(mailoutbox) == 1


def test_it_promises_no_run_that_tries_again(monkeypatch, settings):
    monkeypatch.setattr(Postbox, "refused", {settings.STAFF_EMAIL[0]})
    told = refused("send_failure", "chartero-backup")
    assert told == "The email could not be sent (SMTPRecipientsRefused). Check EMAIL_URL and the mail server."


def test_without_an_address_it_says_what_to_set(settings):
    settings.STAFF_EMAIL = []
    assert refused("send_failure", "chartero-backup") == "Email is not configured. Set CHARTERO_STAFF_EMAIL."
