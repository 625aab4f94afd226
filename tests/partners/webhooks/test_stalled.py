"""Events that wait while no service delivers: on Home, and one e-mail to staff until a service runs again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from encounters.models import ReadyTranscript
from partners.models import WebhookDelivery, WebhookService
from partners.webhooks import stalled
from partners.webhooks.delivery.sending import Answer
from partners.webhooks.delivery.service import Service
from tests.encounters.ready.test_triggers import draft
from tests.factories import EncounterFactory
from tests.partners.support.command_line import refused, run, run_json
from tests.partners.support.postbox import Postbox
from tests.partners.support.staff import signed_in
from tests.partners.support.webhooks import added, delivery_to

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("postbox")]
SEND = "send_alerts"
LATE = stalled.PATIENCE + timedelta(seconds=1)


@pytest.fixture
def waiting(organization):
    """A delivery that has been due for a while."""
    return delivery_to(added(organization), next_attempt_at=timezone.now() - LATE)


def last_seen(ago: timedelta) -> None:
    WebhookService.note_seen()
    WebhookService.objects.update(seen_at=timezone.now() - ago)


def test_staff_see_it_and_are_told_once(waiting, mailoutbox):
    home = " ".join(signed_in("Support").get("/admin/").text.split())
    assert "Webhooks are not being delivered" in home
    assert "A delivery service last ran: never" in home
    assert run(SEND).startswith("Webhooks wait since 2")
    assert run_json(SEND)["webhooks_waiting_since"] is None
    (mail,) = mailoutbox
    assert (mail.to[0], mail.subject) == ("one@example.com", "Webhooks are not being delivered")
    assert "Last service seen  never" in mail.body


def test_they_are_told_again_after_a_service_has_run(waiting, mailoutbox):
    run(SEND)
    Service(1, send=lambda url, headers, body: Answer(status=204)).run(serve=False)
    assert stalled.found() is None
    last_seen(LATE)
    delivery_to(waiting.endpoint, next_attempt_at=timezone.now() - LATE)
    run(SEND)
    assert len(mailoutbox) == 2
    assert "Last service seen  2" in mailoutbox[1].body


def test_what_is_noted_and_no_event_yet_waits_too(organization):
    added(organization)
    draft(EncounterFactory(organization=organization), status="completed")
    assert stalled.found() is None
    ReadyTranscript.objects.update(ready_at=timezone.now() - LATE)
    assert stalled.found()


@pytest.mark.parametrize(
    ("seen", "state", "due"),
    [
        (stalled.PATIENCE - timedelta(seconds=5), "waiting", LATE),
        (LATE, "waiting", timedelta(0)),
        (LATE, "delivered", LATE),
    ],
    ids=["a service runs", "it is not due for long", "it is delivered"],
)
def test_nothing_is_wrong(waiting, seen, state, due):
    last_seen(seen)
    WebhookDelivery.objects.update(state=state, next_attempt_at=timezone.now() - due)
    assert stalled.found() is None
    assert run(SEND) == "No alert is due.\n"


def test_what_a_mail_server_did_not_take_stays_due(waiting, mailoutbox, monkeypatch):
    with monkeypatch.context() as down:
        down.setattr(Postbox, "send_messages", lambda *messages: (_ for _ in ()).throw(ConnectionRefusedError()))
        assert "The next run tries again" in refused(SEND)
    run(SEND)
    assert len(mailoutbox) == 1


def test_the_row_says_when_a_service_was_seen():
    assert str(WebhookService()) == "last seen never"
