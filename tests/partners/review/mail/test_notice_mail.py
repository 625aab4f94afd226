"""The e-mails of notices: what the contact and staff read, and what no e-mail contains."""

from datetime import UTC, datetime

import pytest

from partners.catalogue.routes import Scope
from partners.keys import tokens
from partners.models import ApiKey, ExpiryNotice, Organization
from partners.review.mail import notice_mail
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.support.command_line import run
from tests.partners.support.ending import DAY, ending

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("postbox")]
SEND = "send_expiry_notices"


@pytest.fixture
def organization(db) -> Organization:
    return OrganizationFactory(name="Invented Practice", contact_name="Ada Invented", contact_email="c@example.com")


def to_contact(mailoutbox) -> str:
    return next(mail for mail in mailoutbox if mail.to == ["c@example.com"]).body


def test_the_contact_reads_which_key_expires_when_and_what_to_do(organization, mailoutbox):
    end = datetime.now(UTC).replace(microsecond=0) + 6 * DAY
    key = ending(organization, 6, expires_at=end, last_used_at=datetime(2026, 5, 25, 14, tzinfo=UTC))
    run(SEND)
    mail = mailoutbox[0]
    assert mail.subject == f"Your API key expires on {end:%Y-%m-%d}"
    assert mail.reply_to == ["one@example.com", "two@example.com"]
    assert mail.body == (
        "Hello Ada Invented,\n"
        "\n"
        "An API key of Invented Practice expires soon.\n"
        "Calls with an expired key are refused with 401 expired_key.\n"
        "\n"
        "Invented system\n"
        f"  Key        ch_sk_{key.public_part}…\n"
        f"  Expires    {end:%Y-%m-%d %H:%M} UTC, in 6 days\n"
        "  Last used  2026-05-25 14:00 UTC\n"
        "  What to do: reply to this message if you need the key for longer. You get a successor,\n"
        "  and both keys work while you switch. If you don't need the key, do nothing.\n"
        "\n"
        "Please never send an API key by e-mail. Its first characters, as shown above, are enough.\n"
        "\n"
        "How API keys work: https://api.example.com/docs/\n"
    )


def test_staff_read_which_keys_expire_and_who_else_is_notified(organization, mailoutbox):
    key = ending(organization, 6)
    ending(None, 0.5)
    run(SEND)
    mail = mailoutbox[-1]
    assert mail.subject.startswith("2 API keys expire from ")
    assert "Invented Practice: Invented system\n" in mail.body
    assert "No organization: Invented system\n" in mail.body
    assert ", in 1 day\n" in mail.body
    assert "  Contact    gets a separate e-mail\n" in mail.body
    assert "  Contact    not notified: the key belongs to no organization\n" in mail.body
    assert f"  https://api.example.com/admin/partners/apikey/{key.pk}/change/\n" in mail.body


@pytest.mark.parametrize(
    ("used", "told"), [(None, "not used yet"), (datetime(2026, 5, 25, tzinfo=UTC), "last used 2026-05-25 00:00 UTC")]
)
def test_in_an_overlap_the_contact_is_asked_to_switch(organization, mailoutbox, used, told):
    successor, _ = ending(organization, 200).rotate(CHANGE, overlap=DAY)
    ApiKey.objects.filter(pk=successor.pk).update(last_used_at=used)
    run(SEND)
    for mail in mailoutbox:
        assert f"  Successor  ch_sk_{successor.public_part}…, {told}\n" in mail.body
    assert "What to do: switch to the successor before then." in to_contact(mailoutbox)
    assert "if you need the key for longer" not in to_contact(mailoutbox)


def test_several_keys_of_one_partner_are_one_message(organization, mailoutbox):
    for days in (6, 5):
        ending(organization, days)
    run(SEND)
    assert mailoutbox[0].subject.startswith("2 of your API keys expire from ")
    assert mailoutbox[0].body.count("  Key  ") == 2
    assert "Some API keys of Invented Practice expire soon" in mailoutbox[0].body


def test_a_long_list_is_cut_and_none_of_it_is_sent_again(organization, mailoutbox, monkeypatch):
    monkeypatch.setattr(notice_mail, "LISTED", 1)
    for days in (6, 5):
        ending(organization, days)
    run(SEND)
    assert "And 1 more.\n" in mailoutbox[0].body
    assert "And 1 more. Run manage.py report_keys --expiring 30 to list them all.\n" in mailoutbox[1].body
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
    assert len(mailoutbox) == 2  # to the contact and to staff
    for mail in mailoutbox:
        sent = mail.message().as_string()
        assert key.public_part in sent
        assert token[len(tokens.LIVE_PREFIX) + 12 :][:16] not in sent
        assert bytes(key.digest).hex() not in sent


def test_typed_text_gets_into_no_header_and_forges_no_line(organization, mailoutbox):
    forged = "Invented\r\nBcc: other@example.com\n\n  Key  forged\x1b[2J\u202e"
    key = ending(organization, 6, label=forged)
    Organization.objects.update(name=forged, contact_name=forged)
    run(SEND)
    assert len(mailoutbox) == 2
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
