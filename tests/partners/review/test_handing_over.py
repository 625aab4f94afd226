"""The e-mails with links: one for each contact, what they say, and what happens if they can't be sent."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.exceptions import ValidationError

from partners.models import HandoverState, KeyHandover, Organization
from partners.models.handover import Closed
from partners.review import handing_over
from partners.review.handing_over import Delivery, Sender
from partners.review.mail import link_mail
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.support.handing_over import CONTACT, actions, links_mailed, prepared
from tests.partners.support.postbox import Postbox
from tests.partners.support.webhooks import URL, added

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("postbox")]
BY = Sender(CHANGE, None, "https://api.example.com")


def partner(name: str, email: str = CONTACT):
    made = OrganizationFactory(name=name)
    made.set_contact(CHANGE, name="Grace", email=email)
    return made


@pytest.fixture
def handover() -> KeyHandover:
    return prepared(partner("Lakeside Clinic"))


def test_the_link_is_in_the_mail_and_works(handover):
    (delivery,) = BY.send([handover])
    (token,) = links_mailed()
    assert delivery == Delivery(handover)
    assert KeyHandover.objects.of_link(token).state is HandoverState.SENT
    assert mail.outbox[0].to == [CONTACT]
    assert actions(handover) == ["prepared", "sent"]


def test_the_mail_goes_to_the_address_on_record_even_if_the_contact_changes_meanwhile(handover):
    Organization.objects.update(contact_email="other@lakeside.example")
    BY.send([handover])
    assert mail.outbox[0].to == [handover.sent_to] == ["other@lakeside.example"]


def test_the_mail_says_who_sends_it_until_when_and_not_to_forward_it(handover):
    BY.send([handover])
    (message,) = mail.outbox
    body = " ".join(message.body.split())
    assert message.subject == "Collect your new API key"
    assert (message.reply_to, message.extra_headers) == (
        ["one@example.com", "two@example.com"], {"Auto-Submitted": "auto-generated"},
    )  # fmt: skip
    for words in (
        "Hello Grace,",
        "Partner access has prepared an API key for Lakeside Clinic.",
        f"Until {handover.link_expires_at:%Y-%m-%d %H:%M} UTC",
        "Don't forward this message",
    ):
        assert words in body
    assert "by phone" not in body
    assert not re.search("ch_sk_", body)


def test_a_code_is_announced_but_not_told(handover):
    (delivery,) = BY.send([handover], with_code=True)
    assert re.fullmatch("[0-9]{4} [0-9]{4}", delivery.code)
    assert delivery.code not in mail.outbox[0].body
    assert delivery.code not in repr(delivery)
    assert "The page asks for a code. We give it to you by phone." in mail.outbox[0].body


def test_a_rotation_says_what_is_replaced():
    key, _ = issue(partner("Lakeside Clinic"))
    for hours, words in ((24, "It works for another 24 hours after that."), (0, "It stops working at that moment.")):
        handover = KeyHandover.prepare_successor(CHANGE, None, key, overlap=timedelta(hours=hours))
        BY.send([handover])
        assert f"{key.quotable}…" in mail.outbox[-1].body
        assert words in mail.outbox[-1].body
        handover.withdraw(CHANGE)


def test_each_contact_gets_one_mail_with_all_its_links():
    first, second = partner("First"), partner("Second", "it@second.example")
    handovers = [prepared(first, label="A"), prepared(second, label="B"), prepared(first, label="C")]
    assert [each.fault for each in BY.send(handovers)] == ["", "", ""]
    assert [message.to for message in mail.outbox] == [[CONTACT], ["it@second.example"]]
    assert [len(links_mailed(number)) for number in (0, 1)] == [2, 1]
    assert mail.outbox[0].subject == "Collect your 2 new API keys"


def test_markup_and_line_breaks_stay_text(handover):
    KeyHandover.objects.update(label="A\nBcc: x@example.com")
    handover.refresh_from_db()
    BY.send([handover])
    assert "A\\nBcc" in mail.outbox[0].body


@pytest.mark.parametrize("fault", ["down", "refused"])
def test_a_mail_that_cannot_be_sent_loses_nothing(handover, fault):
    setattr(Postbox, fault, True if fault == "down" else {CONTACT})
    (delivery,) = BY.send([handover])
    assert delivery.fault.startswith("The e-mail couldn't be sent (")
    assert "words" not in delivery.fault
    found = KeyHandover.objects.get()
    assert (found.state, found.token_digest) == (HandoverState.UNSENT, None)
    assert actions(handover) == ["prepared", "not_sent"]
    Postbox.down, Postbox.refused = False, set()
    assert BY.send([found]) == [Delivery(found)]


def test_one_fault_does_not_hold_back_the_others():
    Postbox.refused = {CONTACT}
    others = prepared(partner("First")), prepared(partner("Second", "it@second.example"))
    assert [bool(each.fault) for each in BY.send(others)] == [True, False]


def test_one_mail_names_keys_and_secrets(handover):
    secret = KeyHandover.prepare_secret(CHANGE, None, added(handover.organization, shown=False))
    BY.send([secret])
    assert mail.outbox[0].subject == "Collect your new webhook signing secret"
    assert "a webhook signing secret for" in mail.outbox[0].body
    assert f"Endpoint       {URL}" in mail.outbox[0].body
    BY.send([handover, secret])
    assert mail.outbox[1].subject == "Collect your 2 new API keys and signing secrets"


def test_what_cannot_be_sent_says_why(handover):
    handover.organization.set_contact(CHANGE, name="", email="")
    gone = prepared(partner("Second"))
    gone.withdraw(CHANGE)
    faults = [each.fault for each in BY.send([handover, gone])]
    assert faults == [
        "The organization has no contact with an e-mail address.",
        "The hand-over is over: the key was withdrawn.",
    ]
    assert not mail.outbox


def test_what_there_is_no_time_for_waits(handover, monkeypatch):
    monkeypatch.setattr(handing_over, "PATIENCE", -1.0)
    assert BY.send([handover]) == [Delivery(handover, handing_over.NOT_TRIED)]
    assert KeyHandover.objects.get().state is HandoverState.UNSENT


@pytest.mark.parametrize(
    ("keep_on", "down", "tried"), [(False, False, 2), (True, False, 5), (True, True, 2)], ids=["page", "all", "silent"]
)
def test_there_is_time_as_long_as_the_server_takes_mails(slow_postbox, monkeypatch, keep_on, down, tried):
    monkeypatch.setattr(Postbox, "down", down)
    handovers = [prepared(partner(f"Clinic {number}")) for number in range(5)]
    faults = [each.fault for each in BY.send(handovers, keep_on=keep_on)]
    assert [fault == handing_over.NOT_TRIED for fault in faults] == [False] * tried + [True] * (5 - tried)
    assert Postbox.opened == tried


def test_a_link_that_was_replaced_meanwhile_says_so(handover, monkeypatch):
    def replaced(self, change):
        raise Closed

    monkeypatch.setattr(KeyHandover, "note_sent", replaced)
    (delivery,) = BY.send([handover], with_code=True)
    assert "meanwhile" in delivery.fault
    assert delivery.code == ""


def test_the_sender_is_remembered(handover):
    user = User.objects.create_user("ada")
    Sender(CHANGE, user, "https://api.example.com").send([handover])
    assert KeyHandover.objects.get().sender == user


@pytest.mark.parametrize(
    ("name", "value"), [("DEFAULT_FROM_EMAIL", ""), ("EMAIL_BACKEND", "django.core.mail.backends.dummy.EmailBackend")]
)
def test_without_e_mail_there_are_no_links(settings, name, value):
    link_mail.require_mail()
    setattr(settings, name, value)
    with pytest.raises(ValidationError, match="EMAIL_URL"):
        link_mail.require_mail()


def test_a_sender_without_a_name_is_named_by_its_domain(handover, settings):
    settings.DEFAULT_FROM_EMAIL = "access@example.com"
    BY.send([handover])
    assert "example.com has prepared an API key" in mail.outbox[0].body
