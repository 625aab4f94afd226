"""E-mails about webhook endpoints that fail or were switched off: once each, to staff and to the contact."""

from datetime import timedelta

import pytest
from django.utils import timezone

from partners.models import OffWhy, WebhookEndpoint
from tests.factories import CHANGE
from tests.partners.support.command_line import refused, run, run_json
from tests.partners.support.postbox import Postbox
from tests.partners.support.webhooks import URL, added

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("postbox")]
SEND, CONTACT = "send_alerts", "desk@partner.example"


@pytest.fixture
def endpoint(organization) -> WebhookEndpoint:
    organization.set_contact(CHANGE, name="Invented Desk", email=CONTACT)
    return added(organization)


def fail(endpoint, *, hours: int) -> None:
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failing_since=timezone.now() - timedelta(hours=hours))


def test_staff_and_the_contact_are_told_once_that_an_endpoint_fails(endpoint, mailoutbox):
    fail(endpoint, hours=23)
    assert run(SEND) == "No alert is due.\n"
    fail(endpoint, hours=24)
    assert run_json(SEND)["endpoints"] == [{"endpoint": endpoint.public_id, "off": False}]
    assert run(SEND) == "No alert is due.\n"
    to_contact, to_staff = mailoutbox
    assert (to_contact.to, to_contact.subject) == ([CONTACT], "Your webhook endpoint is failing")
    assert (to_staff.to[0], to_staff.subject) == ("one@example.com", "A webhook endpoint is failing")
    assert f"URL    {URL}" in to_contact.body
    assert f"/organization/{endpoint.organization_id}/" in to_staff.body


@pytest.mark.parametrize("why", [OffWhy.GONE, OffWhy.FAILING])
def test_they_are_told_that_it_was_switched_off_and_why(endpoint, mailoutbox, why):
    endpoint.switch_off(CHANGE, why)
    assert run(SEND) == f"Webhook endpoint {endpoint.public_id}: off\n"
    assert run(SEND) == "No alert is due.\n"
    assert [why.label in mail.body for mail in mailoutbox] == [True, True]


def test_nobody_is_told_what_staff_did_themselves(endpoint, mailoutbox):
    endpoint.switch_off(CHANGE)
    run(SEND)
    assert mailoutbox == []


@pytest.mark.parametrize("change", [{"allowlisted": False}, {"contact_email": ""}, {"contact_email": "no address"}])
def test_without_a_contact_who_may_know_staff_alone_are_told(endpoint, mailoutbox, change):
    type(endpoint.organization).objects.update(**change)
    fail(endpoint, hours=48)
    run(SEND)
    assert [mail.subject for mail in mailoutbox] == ["A webhook endpoint is failing"]


def test_a_contact_whose_address_is_refused_keeps_no_one_from_being_told(endpoint, mailoutbox, monkeypatch):
    monkeypatch.setattr(Postbox, "refused", {CONTACT})
    fail(endpoint, hours=48)
    run(SEND)
    assert [mail.to[0] for mail in mailoutbox] == ["one@example.com"]
    assert run(SEND) == "No alert is due.\n"


def test_what_a_mail_server_did_not_take_stays_due(endpoint, mailoutbox, monkeypatch):
    fail(endpoint, hours=48)
    with monkeypatch.context() as down:
        down.setattr(Postbox, "send_messages", lambda *messages: (_ for _ in ()).throw(ConnectionRefusedError()))
        assert "The next run tries again" in refused(SEND)
    run(SEND)
    assert len(mailoutbox) == 2
