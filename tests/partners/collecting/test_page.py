"""The page where a link is used: what it creates and what it doesn't, what it says, and what it keeps."""

import logging
import re
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from partners.collecting.guesses import LIMIT
from partners.keys import links
from partners.models import ApiKey, ChangeEvent, HandoverState, KeyHandover, WebhookEndpoint
from partners.record.unknown_callers.unkeyed import TALLY
from tests.api import Api
from tests.factories import CHANGE, issue
from tests.partners.collecting.conftest import FORM
from tests.partners.support.handing_over import actions, expire, prepared, sent
from tests.partners.support.key_pages import MARKUP, TOKEN
from tests.partners.support.postbox import Postbox
from tests.partners.support.webhooks import added

pytestmark = pytest.mark.django_db


def text(answer) -> str:
    return " ".join(re.sub(r"<[^>]*>", "", answer.text).split())


def test_a_partners_first_200_follows_from_the_link(handover, post):
    token, _ = sent(handover)
    review = post(token)
    assert "EHR sync" in review.text
    hidden = re.search(r'<input type="hidden" name="link" value="([^"]+)"', review.text)[1]
    answer = post(hidden, "collect")
    secret = TOKEN.search(answer.text)[0]
    assert Api(secret).get("/external/v1/encounters").status_code == 200
    assert f"'Authorization: Bearer {secret}' 'https://api.example.com/external/v1/key'" in answer.text.replace(
        "&#x27;", "'"
    )


@pytest.mark.parametrize("method", ["get", "head", "options", "put", "delete"])
@pytest.mark.parametrize("query", ["", "?link={}", "?{}"])
def test_what_a_scanner_sends_does_nothing(handover, client, method, query):
    token, _ = sent(handover)
    with CaptureQueriesContext(connection) as captured:
        answer = getattr(client, method)(f"{FORM}{query.format(token)}")
    assert answer.status_code == (200 if method in ("get", "head") else 405)
    assert len(captured) == 0
    assert actions(handover) == ["prepared", "sent"]
    assert KeyHandover.objects.get().state is HandoverState.SENT


def test_the_page_is_the_same_for_everyone(client, handover):
    sent(handover)
    assert client.get(FORM).content == Client().get(f"{FORM}?anything=1").content


def test_the_review_creates_no_key_and_records_that_the_link_was_opened(handover, post):
    token, _ = sent(handover)
    post(token)
    assert not ApiKey.objects.exists()
    assert actions(handover) == ["prepared", "sent", "opened"]


def test_no_answer_is_kept_or_tells_where_it_came_from(handover, client, post):
    token, _ = sent(handover, with_code=True)
    answers = [client.get(FORM), post("junk"), post(links.new_token()), post(token), post(token, "collect", code="1")]
    for answer in answers:
        assert (answer.headers["Cache-Control"], answer.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert not answer.cookies
        assert 'href="/admin/' not in answer.text
        assert '<meta name="referrer" content="no-referrer">' in answer.text


def test_the_secret_and_the_link_are_kept_nowhere(handover, post, client, caplog):
    with caplog.at_level(logging.DEBUG):
        token, _ = sent(handover)
        secret = TOKEN.search(post(token, "collect").text)[0]
        post(token)
    kept = f"{caplog.text} {[*KeyHandover.objects.values()]} {[*ChangeEvent.objects.values()]} {client.cookies}"
    kept += f"{[*ApiKey.objects.values()]} {[message.body for message in mail.outbox]} {TALLY._counts}"
    assert token not in kept
    assert secret[18:61] not in kept


@pytest.mark.parametrize("given", ["", "a link", "https://api.example.com/collect/#short"])
def test_what_is_no_link_is_asked_for_again(given, post, db):
    answer = post(given)
    assert answer.status_code == 400
    assert "This is not a whole link." in answer.text


def test_a_pasted_link_is_read(handover, post):
    token, _ = sent(handover)
    assert post(f" https://api.example.com/collect/#{token} ").status_code == 200


def test_an_unknown_link_says_so_and_too_many_of_them_have_to_wait(handover, post):
    token, _ = sent(handover)
    for _ in range(LIMIT):
        answer = post(links.new_token())
    assert answer.status_code == 404
    assert "We don't know this link." in text(answer)
    with CaptureQueriesContext(connection) as captured:
        answer = post(token)
    assert (answer.status_code, len(captured)) == (429, 0)
    assert 0 < int(answer.headers["Retry-After"]) <= 600


def test_a_link_that_is_used_again_says_so_and_alerts_staff_once(handover, post):
    token, _ = sent(handover)
    post(token, "collect")
    answers = [post(token), post(token, "collect")]
    for answer in answers:
        assert answer.status_code == 410
        assert "If it wasn't you, tell us at once: somebody else has your key." in text(answer)
        assert not TOKEN.search(answer.text)
    assert [message.subject for message in mail.outbox] == ["The link of a key that was collected is used again"]
    assert "127.0.0.1" in mail.outbox[0].body
    assert f"https://api.example.com/admin/partners/apikey/links/{handover.pk}/" in mail.outbox[0].body
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize(
    ("end", "says"),
    [
        ("expired", "It expired"),
        ("withdrawn", "We withdrew it."),
        ("not sent", "we can't use it at the moment"),
    ],
)
def test_a_link_that_cannot_be_used_says_why(handover, post, end, says):
    token, _ = handover.new_link(CHANGE, None) if end == "not sent" else sent(handover)
    expire(handover) if end == "expired" else handover.withdraw(CHANGE) if end == "withdrawn" else None
    for step in ("check", "collect"):
        answer = post(token, step)
        assert answer.status_code == 410
        assert says in text(answer)
    assert not ApiKey.objects.exists()
    assert not mail.outbox


def test_a_code_is_asked_for_and_creates_the_key(handover, post):
    token, code = sent(handover, with_code=True)
    assert 'name="code"' in post(token).text
    wrong = post(token, "collect", code="1234 567")
    assert wrong.status_code == 400
    assert "You have 4 attempts left." in text(wrong)
    assert TOKEN.search(post(token, "collect", code=code).text)


def test_after_five_wrong_codes_the_link_is_dead_and_staff_are_told(handover, post):
    token, code = sent(handover, with_code=True)
    answers = [post(token, "collect", code="wrong") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [400] * 4 + [410]
    assert "The code was wrong too often" in text(answers[-1])
    assert post(token, "collect", code=code).status_code == 410
    assert [message.subject for message in mail.outbox] == ["A link is locked after wrong codes"]
    assert not ApiKey.objects.exists()


def test_a_key_that_something_forbids_is_not_created_and_staff_are_told_once(handover, partner, post):
    token, _ = sent(handover)
    partner.set_access(CHANGE, allowlisted=False)
    answers = [post(token, "collect") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [409, 409]
    assert "Something has changed since we sent the link." in text(answers[0])
    assert "not allowlisted" not in text(answers[0])
    assert [message.subject for message in mail.outbox] == ["A key could not be collected"]
    assert "The organization is not allowlisted." in mail.outbox[0].body
    partner.set_access(CHANGE, allowlisted=True)
    assert TOKEN.search(post(token, "collect").text)


def test_without_a_digest_key_the_page_asks_to_try_later(handover, post, settings):
    token, _ = sent(handover)
    settings.DIGEST_KEYS = ""
    assert post(token, "collect").status_code == 503
    assert KeyHandover.objects.get().state is HandoverState.SENT


def test_a_page_that_cannot_be_shown_creates_no_key(handover, post, monkeypatch):
    token, _ = sent(handover)
    monkeypatch.setattr(ApiKey, "quotable", property(lambda key: 1 // 0))
    with pytest.raises(ZeroDivisionError):
        post(token, "collect")
    assert not ApiKey.objects.exists()
    assert KeyHandover.objects.get().state is HandoverState.SENT


def test_the_answer_is_right_if_another_person_is_first_by_a_moment(handover, post, monkeypatch):
    token, _ = sent(handover)
    accept = KeyHandover.accept_code

    def late(self, code, source):
        KeyHandover.objects.of_link(token).collect("203.0.113.9")
        monkeypatch.setattr(KeyHandover, "accept_code", accept)
        return accept(self, code, source)

    monkeypatch.setattr(KeyHandover, "accept_code", late)
    answer = post(token, "collect")
    assert answer.status_code == 410
    assert "from the address 203.0.113.9" in text(answer)
    assert len(mail.outbox) == 1


def test_the_answer_is_right_if_it_happens_in_the_last_moment(handover, post, monkeypatch):
    token, _ = sent(handover)
    accept = KeyHandover.accept_code

    def late(self, code, source):
        accepted = accept(self, code, source)
        KeyHandover.objects.of_link(token).collect("203.0.113.9")
        return accepted

    monkeypatch.setattr(KeyHandover, "accept_code", late)
    assert post(token, "collect").status_code == 410
    assert ApiKey.objects.count() == 1


def test_a_rotation_says_what_it_replaces_and_until_when_both_work(partner, post):
    key, _ = issue(partner)
    for overlap, words in ((24, "works for another 24 hours after you create"), (0, "stops working when you create")):
        handover = KeyHandover.prepare_successor(CHANGE, None, key, overlap=timedelta(hours=overlap))
        token, _ = sent(handover)
        assert words in text(post(token))
        handover.withdraw(CHANGE)
    token, _ = sent(KeyHandover.prepare_successor(CHANGE, None, key, overlap=timedelta(hours=24)))
    assert f"The key that it replaces, {key.quotable}…, works until" in text(post(token, "collect"))


def test_markup_shows_as_it_is_written(partner, post):
    partner.set_contact(CHANGE, name=MARKUP, email=partner.contact_email)
    token, _ = sent(prepared(partner, label=MARKUP))
    for answer in (post(token), post(token, "collect"), post(token)):
        assert MARKUP not in answer.text
        assert "&lt;script&gt;" in answer.text


def test_the_key_is_shown_even_if_staff_cannot_be_told(handover, post, partner, settings, caplog):
    token, _ = sent(handover)
    post(token, "collect")
    Postbox.refused = {*settings.STAFF_EMAIL}
    assert post(token).status_code == 410
    assert "an alert could not be sent" in caplog.text


@pytest.mark.parametrize(
    ("name", "value"), [("STAFF_EMAIL", []), ("EMAIL_BACKEND", "django.core.mail.backends.dummy.EmailBackend")]
)
def test_without_e_mail_only_the_pages_tell_staff(handover, post, settings, name, value):
    token, _ = sent(handover)
    post(token, "collect")
    setattr(settings, name, value)
    assert post(token).status_code == 410
    assert not mail.outbox
    assert KeyHandover.objects.get().reused_at is not None


def test_a_form_that_is_too_big_is_refused(client, db):
    assert client.post(FORM, {"link": "x" * 300_000}).status_code == 413


@pytest.fixture
def endpoint(handover) -> WebhookEndpoint:
    return added(handover.organization, shown=False)


def test_a_signing_secret_is_collected_from_the_link_once(endpoint, post):
    token, _ = sent(KeyHandover.prepare_secret(CHANGE, None, endpoint))
    review = text(post(token))
    assert "Collect your signing secret" in review
    assert endpoint.url in review
    assert "no secret is shown before you press the button" in review
    answer = post(token, "collect")
    assert endpoint.secret(1) in answer.text
    assert "no-store" in answer.headers["Cache-Control"]
    again = post(token, "collect")
    assert "This signing secret was already collected" in text(again)
    assert endpoint.secret(1) not in again.text
    assert mail.outbox[-1].subject == "The link of a signing secret that was collected is used again"
    assert "make a new one at once" in mail.outbox[-1].body


def test_a_secret_that_was_replaced_is_not_shown_and_alerts_staff(endpoint, post):
    token, _ = sent(KeyHandover.prepare_secret(CHANGE, None, endpoint))
    endpoint.new_secret(CHANGE)
    answer = post(token, "collect")
    assert answer.status_code == 409
    assert "No secret was shown." in text(answer)
    assert mail.outbox[-1].subject == "A signing secret could not be collected"


def test_a_link_to_a_secret_without_its_digest_key_can_be_tried_again(endpoint, post, settings):
    token, _ = sent(KeyHandover.prepare_secret(CHANGE, None, endpoint))
    with_keys, settings.DIGEST_KEYS = settings.DIGEST_KEYS, ""
    assert post(token, "collect").status_code == 503
    settings.DIGEST_KEYS = with_keys
    assert endpoint.secret(1) in post(token, "collect").text
