"""A signing secret is shown once, in the answer to the form that made it, and kept nowhere."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.utils import timezone

from partners.admin.webhooks import secrets
from partners.models import Approval, ChangeEvent, HandoverState, KeyHandover, WebhookEndpoint
from tests.factories import CHANGE
from tests.partners.support.diagnosing import text_of
from tests.partners.support.handing_over import CONTACT
from tests.partners.support.staff import make_stale, page_of
from tests.partners.support.webhooks import URL, added

pytestmark = pytest.mark.django_db
GIVEN = {"url": URL, "events": ["recording.transcript_ready"], "reason": "as agreed"}


def renewal(endpoint, **values):
    return {"starts": "beside", "generation": endpoint.newest_generation, "reason": "as agreed"} | values


def test_adding_an_endpoint_shows_its_secret_once(onboarding, organization):
    answer = onboarding.post(page_of(organization, "webhooks/add"), GIVEN)
    endpoint = WebhookEndpoint.objects.get()
    secret = endpoint.secret(1)
    assert secret in answer.text
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "no-referrer"
    assert secret not in onboarding.get(f"/admin/webhooks/{endpoint.pk}/").text
    again = onboarding.post(page_of(organization, "webhooks/add"), GIVEN)
    assert "already an endpoint" in again.text
    assert secret not in again.text
    kept = [*ChangeEvent.objects.values(), *WebhookEndpoint.objects.values(), *Session.objects.values()]
    assert secret[6:] not in str(kept)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://receiver.example/", "Write an https URL"),
        ("https://10.0.0.1/", "not public"),
        ("https://receiver.example:22/", "Port 22 is not allowed"),
        ("", "This field is required."),
    ],
)
def test_a_url_that_is_not_allowed_is_refused_next_to_its_field(onboarding, organization, url, message):
    answer = onboarding.post(page_of(organization, "webhooks/add"), GIVEN | {"url": url})
    assert message in str(answer.context["form"].errors["url"])
    assert not WebhookEndpoint.objects.exists()


def test_the_form_begins_with_every_event(onboarding, organization):
    assert "checked" in onboarding.get(page_of(organization, "webhooks/add")).text


def test_without_a_digest_key_the_form_says_what_to_do(onboarding, organization, settings):
    settings.DIGEST_KEYS = ""
    answer = onboarding.post(page_of(organization, "webhooks/add"), GIVEN)
    assert answer.context["form"].non_field_errors()
    assert not WebhookEndpoint.objects.exists()


@pytest.mark.parametrize(
    ("values", "next_generation", "words"),
    [
        ({"starts": "beside"}, 2, "When you end the old one"),
        ({"starts": "now"}, None, "Now"),
        ({"starts": "later", "moment": f"{timezone.now() + timedelta(days=5):%Y-%m-%dT%H:%M}"}, 2, "in 5 days"),
    ],
)
def test_a_new_secret_is_shown_and_starts_as_chosen(onboarding, endpoint, page, values, next_generation, words):
    answer = onboarding.post(page("secret/"), renewal(endpoint, **values))
    endpoint.refresh_from_db()
    assert endpoint.next_generation == next_generation
    assert endpoint.secret(2) in answer.text
    assert words in " ".join(answer.text.split())


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"starts": "later"}, "moment"),
        ({"starts": "now", "moment": "2030-01-01T00:00"}, "moment"),
        ({"starts": "later", "moment": "2020-01-01T00:00"}, "moment"),
        ({"starts": "never"}, "starts"),
        ({"reason": ""}, "reason"),
    ],
)
def test_a_new_secret_without_what_it_needs_is_refused(onboarding, endpoint, page, values, field):
    form = onboarding.post(page("secret/"), renewal(endpoint, **values)).context["form"]
    assert field in form.errors
    endpoint.refresh_from_db()
    assert endpoint.newest_generation == 1


def test_a_form_that_is_submitted_twice_makes_one_secret(onboarding, endpoint, page):
    given = renewal(endpoint)
    onboarding.post(page("secret/"), given)
    assert "A new secret was made since this page was opened." in onboarding.post(page("secret/"), given).text
    endpoint.refresh_from_db()
    assert endpoint.newest_generation == 2


def test_the_old_secret_is_ended_once(onboarding, endpoint, page):
    onboarding.post(page("secret/"), renewal(endpoint))
    assert "End the old secret" in onboarding.get(page()).text
    assert onboarding.post(page("secret/finish/"), {"reason": "moved"}).headers["Location"] == page()
    endpoint.refresh_from_db()
    assert (endpoint.generation, endpoint.has_next) == (2, False)
    assert "No new secret" in onboarding.post(page("secret/finish/"), {"reason": "moved"}).text


def test_the_page_shows_when_a_new_secret_starts(onboarding, endpoint, page):
    moment = f"{timezone.now() + timedelta(days=2):%Y-%m-%dT%H:%M}"
    onboarding.post(page("secret/"), renewal(endpoint, starts="later", moment=moment))
    assert "Number 2 follows" in " ".join(onboarding.get(page()).text.split())


@pytest.fixture
def unseen(organization) -> WebhookEndpoint:
    return added(organization, "https://unseen.example/", shown=False)


@pytest.fixture
def contact(organization, postbox) -> str:
    """Let links be sent to the organization's contact."""
    organization.set_contact(CHANGE, name="", email=CONTACT)
    return CONTACT


def test_a_secret_that_nobody_has_seen_is_shown_once(onboarding, unseen):
    page, hand_over = f"/admin/webhooks/{unseen.pk}/", f"/admin/webhooks/{unseen.pk}/secret/hand-over/"
    assert "Nobody has the newest one yet. Nothing is sent until somebody does." in text_of(onboarding.get(page))
    assert "A link would be safer" in onboarding.get(hand_over).text
    assert unseen.secret(1) in onboarding.post(hand_over, {}).text
    again = onboarding.post(hand_over, {})
    assert "This secret was shown already." in again.text
    assert unseen.secret(1) not in again.text
    assert "Hand over the secret" not in onboarding.get(page).text


def test_a_new_secret_replaces_one_that_nobody_has_and_the_page_says_so(onboarding, unseen):
    page = f"/admin/webhooks/{unseen.pk}/secret/"
    assert "Nobody has the old one, so the new one replaces it at once." in text_of(onboarding.get(page))
    assert "In force Now" in text_of(onboarding.post(page, renewal(unseen)))


def test_after_its_time_came_the_page_waits_for_somebody_to_have_the_new_secret(onboarding, endpoint, page):
    endpoint.new_secret(CHANGE, starts_at=timezone.now() + timedelta(days=1))
    before = onboarding.get(page()).text
    assert "Nothing is sent until" not in before
    assert "End the old secret" not in before
    WebhookEndpoint.objects.update(next_starts_at=timezone.now())
    text = text_of(onboarding.get(page()))
    assert "Signing secretNumber 2 Nobody has the newest one yet. Nothing is sent until somebody does." in text
    assert "StateWaiting" in text
    assert "Send test event" not in text


def test_a_new_endpoint_and_the_link_to_its_secret_come_together(onboarding, organization, contact):
    path = page_of(organization, "webhooks/add")
    assert f"By a link to {contact}." in text_of(onboarding.get(path))
    answer = onboarding.post(path, GIVEN | {"step": "send"}, follow=True)
    endpoint, handover = WebhookEndpoint.objects.get(), KeyHandover.objects.get()
    assert answer.redirect_chain == [(f"/admin/partners/apikey/links/{handover.pk}/", 302)]
    assert (handover.endpoint, handover.state, endpoint.is_unshown) == (endpoint, HandoverState.SENT, True)
    assert "Nobody has the secret yet." in text_of(answer)
    assert endpoint.secret(1)[6:] not in answer.text + mail.outbox[-1].body
    page = text_of(onboarding.get(f"/admin/webhooks/{endpoint.pk}/"))
    assert "Signing secret of receiver.example" in page
    assert page.index("Link sent") < page.index("Webhook endpoint added")
    assert "Waiting" in page


def test_a_new_secret_goes_by_link_too_with_a_code(onboarding, endpoint, page, contact):
    assert f"By a link to {contact}." in text_of(onboarding.get(page("secret/")))
    answer = onboarding.post(page("secret/"), renewal(endpoint) | {"step": "send", "phone_code": "on"})
    assert "Read this code out by phone." in answer.text
    endpoint.refresh_from_db()
    assert (endpoint.newest_generation, endpoint.shown_generation) == (2, 1)
    again = onboarding.post(page("secret/hand-over/"), {"step": "send"})
    assert "A link is waiting already." in again.text


def test_without_e_mail_no_endpoint_is_added_for_a_link(onboarding, organization, contact, settings):
    settings.DEFAULT_FROM_EMAIL = ""
    answer = onboarding.post(page_of(organization, "webhooks/add"), GIVEN | {"step": "send"})
    assert "E-mail is not configured." in answer.text
    assert not WebhookEndpoint.objects.exists()


def test_where_a_second_person_is_required_the_endpoint_is_asked_for(onboarding, organization, settings):
    settings.FOUR_EYES = True
    path = page_of(organization, "webhooks/add")
    assert "Another person has to approve the endpoint first." in onboarding.get(path).text
    answer = onboarding.post(path, GIVEN)
    approval = Approval.objects.get()
    assert answer.headers["Location"] == f"/admin/approvals/{approval.pk}/"
    assert not WebhookEndpoint.objects.exists()
    for same in (URL, URL.replace("https", "HTTPS")):
        assert "The same is already waiting for approval." in onboarding.post(path, GIVEN | {"url": same}).text


def test_what_cannot_be_added_is_not_asked_for(onboarding, organization, settings):
    settings.FOUR_EYES, settings.DIGEST_KEYS = True, ""
    answer = onboarding.post(page_of(organization, "webhooks/add"), GIVEN)
    assert "CHARTERO_DIGEST_KEYS" in str(answer.context["form"].non_field_errors())
    assert not Approval.objects.exists()


@pytest.mark.parametrize("name", ["secret/", "secret/hand-over/", "add"])
def test_a_stale_password_is_asked_for_first(onboarding, endpoint, page, name):
    path = page(name) if name != "add" else page_of(endpoint.organization, "webhooks/add")
    make_stale(onboarding)
    assert onboarding.get(path).headers["Location"].startswith("/signin/password/")


def test_no_secret_is_made_that_cannot_be_shown(onboarding, endpoint, page, monkeypatch):
    def fail(*args):
        raise RuntimeError("no template")

    monkeypatch.setattr(secrets, "_shown", fail)
    with pytest.raises(RuntimeError):
        onboarding.post(page("secret/"), renewal(endpoint))
    endpoint.refresh_from_db()
    assert endpoint.newest_generation == 1
