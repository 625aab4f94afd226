"""E-mail about leaked keys: to whom, what it says, and what is said when nobody can be told."""

import pytest

from partners.leaks import mail
from partners.leaks.reporting import Finding, Outcome, Response, report
from partners.models import KeyLeak
from partners.models.keys.leak import Proof
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.support.postbox import Postbox

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("postbox")]
PLACE = "https://git.example.com/commit/1"


def reported(*keys, response=Response.NOTIFY) -> list[Outcome]:
    return report([Finding(key, Proof.WHOLE, response) for key in keys], CHANGE, place=PLACE)


@pytest.fixture
def key(organization):
    organization.set_contact(CHANGE, name="The Invented Desk", email="desk@example.com")
    return issue(organization, label="Invented sync")[0]


def test_the_contact_reads_which_key_was_found_where(key, mailoutbox):
    assert mail.notify(reported(key)) == {}
    (message,) = mailoutbox
    assert (message.to, message.reply_to) == (["desk@example.com"], ["one@example.com", "two@example.com"])
    assert message.subject == "Your API key has leaked"
    for words in ("The Invented Desk", key.organization.name, "Invented sync", key.public_part, PLACE, "still works"):
        assert words in message.body
    assert KeyLeak.objects.get().notified_at is not None


@pytest.mark.parametrize(
    ("response", "words"), [(Response.DISABLE, "401 disabled_key"), (Response.REVOKE, "401 revoked_key")]
)
def test_the_contact_reads_that_the_key_no_longer_works(key, mailoutbox, response, words):
    mail.notify(reported(key, response=response))
    assert words in mailoutbox[0].body
    assert "still works" not in mailoutbox[0].body


def test_an_organization_gets_one_message_about_all_its_keys_and_only_once(key, mailoutbox):
    other = issue(key.organization, label="Invented export")[0]
    mail.notify(reported(key, other))
    mail.notify(reported(key, other))
    (message,) = mailoutbox
    assert message.subject == "Your API keys have leaked"
    assert {"Invented sync", "Invented export"} <= {*message.body.split("\n")}


def test_who_can_not_be_told_is_named_with_the_reason(key, mailoutbox):
    nobody, mute = issue(None)[0], issue(OrganizationFactory())[0]
    problems = mail.notify(reported(key, nobody, mute))
    assert problems == {nobody.pk: mail.NO_ORGANIZATION, mute.pk: mail.NO_ADDRESS}
    assert len(mailoutbox) == 1


def test_a_message_that_fails_is_said_and_sent_the_next_time(key, mailoutbox, caplog):
    Postbox.refused = {"desk@example.com"}
    assert mail.notify(reported(key)) == {key.pk: mail.FAILED}
    assert KeyLeak.objects.get().notified_at is None
    assert "desk@example.com" not in caplog.text
    Postbox.refused = set()
    assert mail.notify(reported(key)) == {}
    assert len(mailoutbox) == 1


@pytest.mark.parametrize(
    ("name", "value"), [("EMAIL_BACKEND", "django.core.mail.backends.dummy.EmailBackend"), ("DEFAULT_FROM_EMAIL", "")]
)
def test_a_deployment_without_mail_says_so(key, settings, name, value):
    setattr(settings, name, value)
    assert mail.notify(reported(key)) == {key.pk: mail.NOT_CONFIGURED}


def test_the_message_to_copy_is_the_one_that_is_sent(key, mailoutbox):
    (outcome,) = reported(key)
    mail.notify([outcome])
    assert mail.message(key.organization, [outcome.leak]) == mailoutbox[0].body.strip()


def test_staff_read_which_keys_a_scanner_found(key, mailoutbox):
    mail.notify_staff(reported(key, issue(None)[0], response=Response.DISABLE))
    (message,) = mailoutbox
    assert message.to == ["one@example.com", "two@example.com"]
    for words in (key.public_part, PLACE, "No organization", "Disabled", f"/admin/partners/apikey/{key.pk}/change/"):
        assert words in message.body


def test_without_a_staff_address_nobody_is_told(key, settings, mailoutbox):
    settings.STAFF_EMAIL = []
    mail.notify_staff(reported(key))
    assert mailoutbox == []
