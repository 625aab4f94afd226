"""Issue and rotate by link: what staff are offered, what they see, and what is sent."""

import logging
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone

from partners.models import ApiKey, ChangeEvent, FormUse, HandoverState, KeyHandover
from tests.factories import CHANGE, issue
from tests.partners.support.handing_over import CONTACT, FROM, links_mailed, sent
from tests.partners.support.key_pages import ISSUE, TOKEN, issue_form, page_of, rotate_form, rotate_page
from tests.partners.support.postbox import Postbox

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_lifetimes")]
SEND = "Send the link"


@pytest.fixture
def asked(onboarding, partner) -> dict:
    return issue_form(onboarding, partner) | {"step": "send"}


@pytest.fixture
def key(partner) -> ApiKey:
    return issue(partner, expires_at=timezone.now() + timedelta(days=30))[0]


@pytest.fixture(params=["issue", "rotate"])
def form(request, onboarding, asked, key) -> tuple[str, dict]:
    """The form that sends a link: where, and what."""
    if request.param == "issue":
        return ISSUE, asked
    return rotate_page(key), rotate_form(onboarding, key, step="send")


def test_the_link_comes_first_where_it_can_be_sent(onboarding, asked, key):
    for page in (onboarding.post(ISSUE, asked | {"step": "check"}), onboarding.get(rotate_page(key))):
        assert f"By a link to {CONTACT}." in page.text
        primary = re.findall(r'<button type="submit" class="primary"[^>]*>([^<]+)<', page.text)
        assert primary == [SEND]


@pytest.mark.parametrize("lacking", ["contact", "mail"])
def test_where_it_cannot_be_sent_the_page_says_why(onboarding, asked, key, partner, settings, lacking):
    if lacking == "contact":
        partner.set_contact(CHANGE, name="", email="")
    else:
        settings.DEFAULT_FROM_EMAIL = ""
    why = "has no contact with an e-mail address" if lacking == "contact" else "Set EMAIL_URL and CHARTERO_FROM_EMAIL."
    for page in (onboarding.post(ISSUE, asked | {"step": "check"}), onboarding.get(rotate_page(key))):
        assert why in page.text
        assert SEND not in page.text


def test_a_key_of_no_organization_is_shown(onboarding):
    key, _ = issue(None, expires_at=timezone.now() + timedelta(days=30))
    assert "A key of no organization" in onboarding.get(rotate_page(key)).text


def test_staff_send_a_link_and_never_see_a_token(onboarding, form, caplog):
    path, data = form
    with caplog.at_level(logging.DEBUG):
        answer = onboarding.post(path, data, follow=True)
    handover = KeyHandover.objects.get()
    assert f"Link sent to {CONTACT}." in answer.text
    assert handover.state is HandoverState.SENT
    assert handover.sender == User.objects.get(username="Partner onboarding-person")
    (token,) = links_mailed()
    kept = f"{answer.text} {caplog.text} {dict(onboarding.session.items())} {onboarding.cookies}"
    kept += f"{[*ChangeEvent.objects.values()]} {[*KeyHandover.objects.values()]} {[*FormUse.objects.values()]}"
    assert token not in kept
    assert not TOKEN.search(answer.text)


def test_a_link_for_a_new_key_describes_it_as_asked(onboarding, asked, partner):
    onboarding.post(ISSUE, asked | {"reason": "Go-live", "ticket": "OPS-7"})
    handover = KeyHandover.objects.get()
    assert (handover.organization, handover.label, handover.lifetime) == (partner, "EHR sync", timedelta(days=90))
    assert handover.scopes == ["encounters:read", "patients:read", "documents:read"]
    assert (handover.reason, handover.ticket) == ("Go-live", "OPS-7")
    assert not ApiKey.objects.exists()


def test_a_key_may_expire_on_a_date_or_never(onboarding, asked, settings):
    settings.KEY_LIFETIME_DAYS = settings.KEY_LONGEST_LIFETIME_DAYS = 0
    day = (timezone.now() + timedelta(days=40)).date()
    onboarding.post(ISSUE, asked | {"lifetime": "date", "until": day.isoformat()})
    handover = KeyHandover.objects.get()
    assert handover.expires_at.date() == day + timedelta(days=1)
    onboarding.post(ISSUE, issue_form(onboarding, handover.organization) | {"step": "send", "lifetime": "never"})
    assert KeyHandover.objects.first().end is None


def test_a_link_for_a_successor_leaves_the_key_as_it_is(onboarding, key):
    onboarding.post(rotate_page(key), rotate_form(onboarding, key, step="send", overlap="1"))
    handover = KeyHandover.objects.get()
    assert (handover.replaces, handover.overlap) == (key, timedelta(hours=1))
    assert ApiKey.objects.get().rotated_at is None
    assert "A link for its successor is waiting." in onboarding.get(page_of(key, "change")).text
    assert "A link for a new key is waiting." in onboarding.get(rotate_page(key)).text
    again = onboarding.post(rotate_page(key), rotate_form(onboarding, key, step="send"))
    assert "A link is waiting already. Send that one again, or withdraw it." in again.text
    assert len(mail.outbox) == 1


def test_pages_name_who_got_a_link_only_if_it_was_sent(onboarding, key):
    handover = KeyHandover.prepare_successor(CHANGE, None, key, overlap=timedelta(0))
    handover.new_link(CHANGE, None)
    pages = [page_of(key, "change"), rotate_page(key)]
    assert [f"It was sent to {CONTACT}" in onboarding.get(each).text for each in pages] == [False, False]
    handover.note_sent(CHANGE)
    assert [f"It was sent to {CONTACT}" in onboarding.get(each).text for each in pages] == [True, True]


def test_a_code_is_shown_once_and_not_cached(onboarding, form):
    path, data = form
    answer = onboarding.post(path, data | {"phone_code": "on"})
    code = re.search(r'<output id="code">([0-9]{4} [0-9]{4})</output>', answer.text)[1]
    assert "no-store" in answer.headers["Cache-Control"]
    assert KeyHandover.objects.get().accept_code(code, FROM)
    assert code not in onboarding.post(path, data | {"phone_code": "on"}, follow=True).text + mail.outbox[0].body


def test_a_form_that_is_sent_again_sends_nothing(onboarding, form):
    path, data = form
    onboarding.post(path, data)
    again = onboarding.post(path, data, follow=True)
    assert "You already submitted this form. No other link was sent." in again.text
    assert KeyHandover.objects.count() == len(mail.outbox) == 1


def test_a_form_that_sent_a_link_shows_no_key_afterwards(onboarding, asked):
    onboarding.post(ISSUE, asked)
    again = onboarding.post(ISSUE, asked | {"step": "issue"}, follow=True)
    assert "No other link was sent." in again.text
    assert not ApiKey.objects.exists()


def test_a_mail_that_cannot_be_sent_is_seen_at_once(onboarding, form):
    Postbox.down = True
    path, data = form
    answer = onboarding.post(path, data | {"phone_code": "on"}, follow=True)
    assert "The link was not sent. The e-mail couldn&#x27;t be sent (ConnectionRefusedError)." in answer.text
    assert "Nothing is lost" in answer.text
    assert "ed to be sent" not in answer.text
    assert KeyHandover.objects.get().state is HandoverState.UNSENT


def test_what_the_models_refuse_is_shown_and_sends_nothing(onboarding, asked, partner):
    issue(partner, label="ehr SYNC", expires_at=timezone.now() + timedelta(days=30))
    answer = onboarding.post(ISSUE, asked)
    assert "Another key has the similar label" in answer.text
    assert not KeyHandover.objects.exists()
    assert not FormUse.objects.exists()
    assert not mail.outbox


def test_without_e_mail_nothing_is_prepared(onboarding, form, settings):
    settings.DEFAULT_FROM_EMAIL = ""
    path, data = form
    assert "E-mail is not configured." in onboarding.post(path, data).text
    assert not KeyHandover.objects.exists()


def test_the_link_leads_to_where_partners_call(onboarding, asked, settings):
    settings.BASE_URL = ""
    onboarding.post(ISSUE, asked)
    assert "http://testserver/collect/#" in mail.outbox[0].body
    settings.SERVES = "staff"
    answer = onboarding.post(ISSUE, issue_form(onboarding, KeyHandover.objects.get().organization) | {"step": "send"})
    assert "Set CHARTERO_BASE_URL to it." in answer.text


def test_who_may_not_issue_sends_no_link(support, asked, key):
    assert support.post(ISSUE, asked).status_code == 403
    assert support.post(rotate_page(key), {"step": "send"}).status_code == 403
    assert not KeyHandover.objects.exists()


def test_the_page_of_the_key_says_how_it_was_handed_over(onboarding, handover):
    sent(handover)
    key, _ = handover.collect(FROM)
    page = onboarding.get(page_of(key, "change")).text
    assert f"By link to {CONTACT}, collected from {FROM}" in " ".join(page.split())
    assert "Link used again" not in page
    handover.open(FROM)
    assert "Link used again" in onboarding.get(page_of(key, "change")).text
