"""The run that sends notices: what is in them, and that a failure loses nothing and sends nothing twice."""

import os
import socket
import threading
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from partners import notice_mail, tokens
from partners.models import ApiKey, ExpiryNotice, Organization
from partners.routes import Scope
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.command_line import refused, run, run_json
from tests.partners.postbox import Postbox
from tests.partners.test_notices import DAY, ending

pytestmark = pytest.mark.django_db
SEND = "send_expiry_notices"


@pytest.fixture(autouse=True)
def deployment(settings, tmp_path, monkeypatch):
    settings.DATA_DIR = tmp_path
    settings.EMAIL_BACKEND = "tests.partners.postbox.Postbox"
    settings.DEFAULT_FROM_EMAIL = "Partner access <access@example.com>"
    settings.STAFF_EMAIL = ["one@example.com", "two@example.com"]
    settings.BASE_URL = "https://api.example.com/"
    for name, value in {"down": False, "refused": set(), "opened": 0}.items():
        monkeypatch.setattr(Postbox, name, value)
    return settings


@pytest.fixture
def organization(db) -> Organization:
    return OrganizationFactory(name="Invented Practice", contact_name="Ada Invented", contact_email="c@example.com")


def outcomes(*arguments: str) -> list[tuple[str, str]]:
    return [(mail["to"], mail["outcome"]) for mail in run_json(SEND, *arguments)["mails"]]


def to_contact(mailoutbox) -> str:
    return next(mail for mail in mailoutbox if mail.to == ["c@example.com"]).body


def test_contact_and_staff_are_told_once(organization, mailoutbox):
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


def test_the_contact_reads_what_ends_when_and_what_to_do(organization, mailoutbox):
    end = datetime.now(UTC).replace(microsecond=0) + 6 * DAY
    key = ending(organization, 6, expires_at=end, last_used_at=datetime(2026, 5, 25, 14, tzinfo=UTC))
    run(SEND)
    mail = mailoutbox[0]
    assert mail.subject == f"Your API key ends on {end:%Y-%m-%d}"
    assert mail.reply_to == ["one@example.com", "two@example.com"]
    assert mail.body == (
        "Hello Ada Invented,\n"
        "\n"
        "an API key of Invented Practice ends soon. After its end, calls with a key are refused with 401 expired_key.\n"
        "\n"
        "Invented system\n"
        f"  Key        ch_sk_{key.public_part}…\n"
        f"  Ends       {end:%Y-%m-%d %H:%M} UTC, in 6 days\n"
        "  Last used  2026-05-25 14:00 UTC\n"
        "  What to do: answer this message if you need the key for longer. You get a successor,\n"
        "  and both work at the same time while you change over. If you do not need it, do nothing.\n"
        "\n"
        "Please never send an API key by e-mail: its first characters, as above, are enough.\n"
        "\n"
        "How API keys work: https://api.example.com/docs/\n"
    )


def test_staff_read_what_ends_and_who_else_is_told(organization, mailoutbox):
    key = ending(organization, 6)
    ending(None, 0.5)
    run(SEND)
    mail = mailoutbox[-1]
    assert mail.subject.startswith("2 API keys end from ")
    assert "Invented Practice: Invented system\n" in mail.body
    assert "No organization: Invented system\n" in mail.body
    assert ", in 1 day\n" in mail.body
    assert "  Contact    gets an e-mail of its own\n" in mail.body
    assert "  Contact    not told: the key belongs to no organization\n" in mail.body
    assert f"  https://api.example.com/admin/partners/apikey/{key.pk}/change/\n" in mail.body


@pytest.mark.parametrize(
    ("used", "told"), [(None, "not used yet"), (datetime(2026, 5, 25, tzinfo=UTC), "last used 2026-05-25 00:00 UTC")]
)
def test_in_an_overlap_the_contact_is_told_to_change_over(organization, mailoutbox, used, told):
    successor, _ = ending(organization, 200).rotate(CHANGE, overlap=DAY)
    ApiKey.objects.filter(pk=successor.pk).update(last_used_at=used)
    run(SEND)
    for mail in mailoutbox:
        assert f"  Successor  ch_sk_{successor.public_part}…, {told}\n" in mail.body
    assert "What to do: change over to the successor until then." in to_contact(mailoutbox)
    assert "if you need the key for longer" not in to_contact(mailoutbox)


def test_several_keys_of_one_partner_are_one_message(organization, mailoutbox):
    for days in (6, 5):
        ending(organization, days)
    run(SEND)
    assert mailoutbox[0].subject.startswith("2 of your API keys end from ")
    assert mailoutbox[0].body.count("  Key  ") == 2
    assert "some API keys of Invented Practice end soon" in mailoutbox[0].body


def test_a_long_list_is_cut_and_none_of_it_is_told_again(organization, mailoutbox, monkeypatch):
    monkeypatch.setattr(notice_mail, "LISTED", 1)
    for days in (6, 5):
        ending(organization, days)
    run(SEND)
    assert "And 1 more.\n" in mailoutbox[0].body
    assert "And 1 more: manage.py report_keys --expiring 30 lists them all.\n" in mailoutbox[1].body
    assert ExpiryNotice.objects.count() == 4


def test_without_a_base_url_and_a_name_the_lines_are_left_out(organization, mailoutbox, settings):
    settings.BASE_URL = ""
    Organization.objects.update(contact_name="")
    ending(organization, 6)
    run(SEND)
    assert mailoutbox[0].body.startswith("Hello,\n")
    assert "://" not in mailoutbox[0].body + mailoutbox[1].body


def test_no_secret_is_in_a_message(organization, mailoutbox):
    key, token = issue(organization, scopes=[*Scope], expires_at=datetime.now(UTC) + 40 * DAY)
    ApiKey.objects.filter(pk=key.pk).update(
        expires_at=datetime.now(UTC) + 6 * DAY, created_at=datetime.now(UTC) - DAY * 9
    )
    run(SEND)
    for mail in mailoutbox:
        sent = mail.message().as_string()
        assert key.public_part in sent
        assert token[len(tokens.LIVE_PREFIX) + 12 :][:16] not in sent
        assert bytes(key.digest).hex() not in sent


def test_what_people_typed_comes_into_no_header_and_forges_no_line(organization, mailoutbox):
    forged = "Invented\r\nBcc: other@example.com\n\n  Key  forged\x1b[2J\u202e"
    key = ending(organization, 6, label=forged)
    Organization.objects.update(name=forged, contact_name=forged)
    run(SEND)
    for mail in mailoutbox:
        message = mail.message()
        assert set(message) <= {
            "Content-Type", "MIME-Version", "Content-Transfer-Encoding", "Subject", "From", "To", "Reply-To", "Date",
            "Message-ID", "Auto-Submitted",
        }  # fmt: skip
        assert message["Auto-Submitted"] == "auto-generated"
        assert "Invented" not in message["Subject"]
        assert all(line.isprintable() for line in mail.body.split("\n"))
        assert "\nBcc:" not in mail.body
        assert mail.body.count("\n  Key  ") == mail.body.count(key.public_part) == 1


def test_an_address_that_is_refused_keeps_no_other_from_being_told(organization, mailoutbox):
    ending(organization, 6)
    ending(OrganizationFactory(contact_email="d@example.com"), 5)
    Postbox.refused = {"c@example.com"}
    told = refused(SEND)
    assert "Not all could be sent; the next run tries again." in told
    assert [mail.to for mail in mailoutbox] == [["d@example.com"], ["one@example.com", "two@example.com"]]
    Postbox.refused = set()
    assert outcomes() == [("contact", "sent")]


def test_a_failure_is_told_by_its_type_alone(organization, capsys):
    ending(organization, 6)
    Postbox.refused = {"c@example.com"}
    with pytest.raises(CommandError):
        call_command(SEND)
    printed = capsys.readouterr().out
    assert "failed: SMTPRecipientsRefused" in printed
    assert "example.com" not in printed
    assert "words" not in printed


def test_a_server_that_is_down_is_asked_once_and_nothing_is_lost(organization, mailoutbox, capsys):
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


def test_a_server_that_never_answers_is_given_up(organization, settings, capsys):
    ending(organization, 6)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = silent.getsockname()
        settings.EMAIL_TIMEOUT = 0.2
        with pytest.raises(CommandError):
            call_command(SEND)
    assert "failed: SMTPServerDisconnected from TimeoutError" in capsys.readouterr().out
    assert not ExpiryNotice.objects.exists()


def test_a_message_that_cannot_be_made_keeps_no_other_back(organization, mailoutbox, monkeypatch):
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
def test_without_a_way_to_send_it_says_what_to_set(organization, settings, setting, value, missing):
    ending(organization, 6)
    setattr(settings, setting, value)
    assert refused(SEND, "--dry-run") == f"No e-mail can be sent. Set {missing}."


@pytest.mark.usefixtures("committed")
def test_of_two_runs_at_once_one_sends(organization, mailoutbox, monkeypatch):
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
    assert run(SEND) == "Another run is sending them.\n"
    assert run_json(SEND) == {"dry_run": False, "busy": True, "mails": []}
    done.set()
    first.join()
    assert len(mailoutbox) == 2
    assert "sent" in printed[0]
    assert run(SEND) == "No notice is due.\n"


def test_what_keeps_runs_apart_is_private(organization, tmp_path):
    run(SEND)
    files = {name: (tmp_path / name).stat().st_mode & 0o777 for name in os.listdir(tmp_path)}
    assert files == ({} if connection.vendor == "postgresql" else {"send_expiry_notices.lock": 0o600})


def test_what_was_sent_is_on_record_even_if_the_run_then_dies(organization, mailoutbox, monkeypatch):
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
