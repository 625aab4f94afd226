"""The run that sends notices: what it reports, and that after a failure nothing is lost or sent twice."""

import os
import socket
import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from partners.models import ExpiryNotice, Organization
from partners.review.mail import notice_mail
from tests.factories import OrganizationFactory
from tests.partners.support.command_line import refused, run, run_json
from tests.partners.support.ending import ending
from tests.partners.support.postbox import Postbox

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("postbox")]
SEND = "send_expiry_notices"


@pytest.fixture
def organization(db) -> Organization:
    return OrganizationFactory(name="Invented Practice", contact_name="Ada Invented", contact_email="c@example.com")


def outcomes(*arguments: str) -> list[tuple[str, str]]:
    return [(mail["to"], mail["outcome"]) for mail in run_json(SEND, *arguments)["mails"]]


def test_contact_and_staff_get_each_notice_once(organization, mailoutbox):
    key = ending(organization, 6)
    assert outcomes() == [("contact", "sent"), ("staff", "sent")]
    assert outcomes() == []
    assert [mail.to for mail in mailoutbox] == [["c@example.com"], ["one@example.com", "two@example.com"]]
    kept = ExpiryNotice.objects.values_list("api_key", "expires_at", "days", "recipient")
    assert set(kept) == {(key.pk, key.expires_at, 7, "contact"), (key.pk, key.expires_at, 7, "staff")}
    assert run(SEND) == "No notice is due.\n"


def test_the_report_names_organizations_and_keys_and_no_address(organization, mailoutbox):
    key = ending(organization, 6)
    first, second = run_json(SEND, "--dry-run")["mails"]
    assert first == {
        "to": "contact",
        "organization": "Invented Practice",
        "organization_id": organization.public_id,
        "keys": [{"key_id": key.public_id, "expires_at": key.expires_at.isoformat().replace("+00:00", "Z"), "days": 7}],
        "outcome": "due",
    }
    assert (second["to"], second["organization"]) == ("staff", None)
    assert "example.com" not in run(SEND)


def test_a_dry_run_sends_nothing(organization, mailoutbox):
    ending(organization, 6)
    assert outcomes("--dry-run") == [("contact", "due"), ("staff", "due")]
    assert (mailoutbox, ExpiryNotice.objects.count(), Postbox.opened) == ([], 0, 0)


def test_a_refused_address_does_not_block_the_others(organization, mailoutbox):
    ending(organization, 6)
    ending(OrganizationFactory(contact_email="d@example.com"), 5)
    Postbox.refused = {"c@example.com"}
    told = refused(SEND)
    assert "Some emails could not be sent. The next run tries again." in told
    assert [mail.to for mail in mailoutbox] == [["d@example.com"], ["one@example.com", "two@example.com"]]
    Postbox.refused = set()
    assert outcomes() == [("contact", "sent")]


def test_a_failure_is_reported_by_its_type_only(organization, capsys):
    ending(organization, 6)
    Postbox.refused = {"c@example.com"}
    with pytest.raises(CommandError):
        call_command(SEND)
    printed = capsys.readouterr().out
    assert "failed: SMTPRecipientsRefused" in printed
    assert "example.com" not in printed
    assert "words" not in printed


def test_a_server_that_is_down_is_tried_once_and_nothing_is_lost(organization, mailoutbox, capsys):
    for days in (6, 5):
        ending(OrganizationFactory(contact_email=f"{days}@example.com"), days)
    Postbox.down = True
    with pytest.raises(CommandError):
        call_command(SEND)
    printed = capsys.readouterr().out
    assert [printed.count(word) for word in ("failed: ConnectionRefusedError", "not tried")] == [1, 2]
    assert (Postbox.opened, ExpiryNotice.objects.count()) == (1, 0)
    Postbox.down = False
    assert outcomes() == [("contact", "sent"), ("contact", "sent"), ("staff", "sent")]


def test_a_server_that_never_answers_times_out(organization, settings, capsys):
    ending(organization, 6)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = silent.getsockname()
        settings.EMAIL_TIMEOUT = 0.2
        with pytest.raises(CommandError):
            call_command(SEND)
    assert "failed: SMTPServerDisconnected from TimeoutError" in capsys.readouterr().out
    assert not ExpiryNotice.objects.exists()


def test_a_message_that_fails_does_not_block_the_others(organization, mailoutbox, monkeypatch):
    ending(organization, 6)
    make = notice_mail.message
    monkeypatch.setattr(notice_mail, "message", lambda notice: make(notice) if notice.organization is None else 1 / 0)
    assert refused(SEND)
    assert [mail.to for mail in mailoutbox] == [["one@example.com", "two@example.com"]]


@pytest.mark.parametrize(
    ("setting", "value", "missing"),
    [
        ("EMAIL_BACKEND", "django.core.mail.backends.dummy.EmailBackend", "EMAIL_URL"),
        ("DEFAULT_FROM_EMAIL", "", "CHARTERO_FROM_EMAIL"),
        ("STAFF_EMAIL", [], "CHARTERO_STAFF_EMAIL"),
    ],
)
def test_a_missing_setting_is_named(organization, settings, setting, value, missing):
    ending(organization, 6)
    setattr(settings, setting, value)
    assert refused(SEND, "--dry-run") == f"Email is not configured. Set {missing}."


@pytest.mark.usefixtures("committed")
def test_only_one_of_two_concurrent_runs_sends(organization, mailoutbox, monkeypatch):
    ending(organization, 6)
    sending, done, printed = threading.Event(), threading.Event(), []
    send = Postbox.send_messages

    def slow(self, messages):
        sending.set()
        assert done.wait(30)
        return send(self, messages)

    monkeypatch.setattr(Postbox, "send_messages", slow)

    def other():
        printed.append(run(SEND))
        BaseDatabaseWrapper.close(connection)

    first = threading.Thread(target=other)
    first.start()
    assert sending.wait(30)
    assert run(SEND) == "Another run is already sending the notices.\n"
    assert run_json(SEND) == {"dry_run": False, "busy": True, "mails": []}
    done.set()
    first.join()
    assert len(mailoutbox) == 2
    assert "sent" in printed[0]
    assert run(SEND) == "No notice is due.\n"


def test_the_lock_file_is_private(organization, tmp_path):
    run(SEND)
    files = {name: (tmp_path / name).stat().st_mode & 0o777 for name in os.listdir(tmp_path)}
    assert files == ({} if connection.vendor == "postgresql" else {"send_expiry_notices.lock": 0o600})


def test_a_sent_notice_is_recorded_even_if_the_run_then_dies(organization, mailoutbox, monkeypatch):
    ending(organization, 6)
    send = Postbox.send_messages

    def die_on_the_second(self, messages):
        if mailoutbox:
            raise KeyboardInterrupt
        return send(self, messages)

    monkeypatch.setattr(Postbox, "send_messages", die_on_the_second)
    with pytest.raises(KeyboardInterrupt):
        run(SEND)
    monkeypatch.setattr(Postbox, "send_messages", send)
    assert outcomes() == [("staff", "sent")]
    assert len(mailoutbox) == 2
