"""Many keys rotated by link: the preview, one e-mail for each contact, and the report."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.core import mail

from partners.models import ApiKey, HandoverState, KeyHandover
from partners.review import handing_over
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.support.handing_over import CONTACT, expire, links_mailed, prepared, sent
from tests.partners.support.key_pages import KEYS
from tests.partners.support.postbox import Postbox

pytestmark = pytest.mark.django_db
BULK, SEND = f"{KEYS}bulk/", f"{KEYS}links/send/"


@pytest.fixture
def other(postbox):
    other = OrganizationFactory(name="Other partner")
    other.set_contact(CHANGE, name="", email="it@other.example")
    return other


def chosen(*keys: ApiKey, **values) -> dict:
    """Return what the list sends for these keys."""
    return {"verb": "rotate", "which": "selected", "_selected_action": [key.pk for key in keys]} | values


def confirmed(*keys: ApiKey, **values) -> dict:
    return chosen(*keys, step="confirm", overlap="24", reason="a yearly rotation") | values


def text(answer) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", answer.text).split())


def test_each_contact_gets_one_mail_and_the_keys_stay(security, partner, other):
    keys = [issue(each, label=label)[0] for each, label in ((partner, "A"), (partner, "B"), (other, "C"))]
    preview = text(security.post(BULK, chosen(*keys)))
    assert "2 contacts get an e-mail each" in preview
    assert "Rotate 3 keys by link" in preview
    assert not KeyHandover.objects.exists()
    report = text(security.post(BULK, confirmed(*keys)))
    assert "All 3 links were sent." in report
    assert sorted(message.to[0] for message in mail.outbox) == [CONTACT, "it@other.example"]
    assert sorted(len(links_mailed(number)) for number in (0, 1)) == [1, 2]
    assert {each.overlap for each in KeyHandover.objects.all()} == {timedelta(hours=24)}
    assert {each.replaces for each in KeyHandover.objects.all()} == set(keys)
    assert not ApiKey.objects.exclude(rotated_at=None).exists()


def test_all_of_a_filtered_list_can_be_rotated(security, partner, other):
    issue(partner, label="A")
    issue(other, label="C")
    answer = security.post(f"{BULK}?organization=Other+partner", chosen() | {"which": "all"})
    assert "Rotate 1 key by link" in text(answer)
    assert "1 contact gets an e-mail, with a link to every new key." in text(answer)


def test_what_cannot_be_rotated_by_link_is_skipped_with_the_reason(security, partner, postbox):
    good, waiting, late, revoked = (issue(partner, label=label)[0] for label in ("Good", "Waiting", "Late", "Revoked"))
    revoked.revoke(CHANGE)
    KeyHandover.prepare_successor(CHANGE, None, waiting, overlap=timedelta(0))
    expired = KeyHandover.prepare_successor(CHANGE, None, late, overlap=timedelta(0))
    sent(expired)
    expire(expired)
    silent, nobody = issue(OrganizationFactory(), label="Silent")[0], issue(None, label="Nobody")[0]
    data = confirmed(good, waiting, late, revoked, silent, nobody)
    for answer in (security.post(BULK, data | {"step": ""}), security.post(BULK, data)):
        for why in (
            "The key is revoked and can't be restored.",
            "A link for its successor is waiting already.",
            "The organization has no contact with an e-mail address.",
            "The key belongs to no organization.",
        ):
            assert why in text(answer).replace("&#x27;", "'")
    assert {each.label for each in KeyHandover.objects.exclude(sent_at=None).waiting()} == {"Good", "Late"}


def test_what_is_not_sent_is_reported_and_sent_again_from_the_list(security, partner, other):
    Postbox.refused = {"it@other.example"}
    keys = issue(partner, label="A")[0], issue(other, label="C")[0]
    report = text(security.post(BULK, confirmed(*keys)))
    assert "1 link was not sent." in report
    assert "SMTPRecipientsRefused" in report
    assert "Send the 1 that was not sent" in security.get(f"{KEYS}links/").text
    Postbox.refused = set()
    assert "The link was sent." in text(security.post(SEND))
    assert {each.state for each in KeyHandover.objects.all()} == {HandoverState.SENT}
    assert "There was nothing to send." in text(security.post(SEND))


def test_what_there_was_no_time_for_is_reported(security, partner, monkeypatch):
    monkeypatch.setattr(handing_over, "PATIENCE", -1.0)
    assert "There was no time left." in text(security.post(BULK, confirmed(issue(partner)[0])))


def test_many_are_confirmed_by_their_number(security, partner):
    keys = [issue(partner, label="Same system")[0] for _ in range(51)]
    assert "The number is 51." in text(security.post(BULK, confirmed(*keys, number="50")))
    assert not KeyHandover.objects.exists()
    assert "All 51 links were sent." in text(security.post(BULK, confirmed(*keys, number="51")))
    assert len(mail.outbox) == 1


def test_a_form_that_is_sent_again_sends_nothing(security, partner):
    data = confirmed(issue(partner)[0])
    security.post(BULK, data)
    assert "There was nothing to send." in text(security.post(BULK, data))
    assert len(mail.outbox) == 1


def test_without_e_mail_nothing_is_prepared(security, partner, settings):
    key, _ = issue(partner)
    settings.DEFAULT_FROM_EMAIL = ""
    assert "E-mail is not configured." in text(security.post(BULK, confirmed(key)))
    assert not KeyHandover.objects.exists()
    prepared(partner)
    assert "E-mail is not configured." in text(security.post(SEND, follow=True))


def test_only_who_may_change_many_keys_sends_many_links(onboarding, security, partner):
    key, _ = issue(partner)
    for path, data in ((BULK, confirmed(key)), (SEND, {})):
        assert onboarding.post(path, data).status_code == 403
    Group.objects.get(name="Security").permissions.remove(Permission.objects.get(codename="rotate_apikey"))
    assert security.post(BULK, confirmed(key)).status_code == 403
    assert "Rotate by link" not in security.get(KEYS).text
    assert not KeyHandover.objects.exists()
