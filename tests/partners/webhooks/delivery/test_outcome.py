"""What becomes of a delivery and of its endpoint after an attempt, and right before one."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from encounters.models import Document
from partners.catalogue.routes import Route
from partners.models import ChangeEvent, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from partners.models.change import Action
from partners.models.webhooks.delivery import DroppedWhy
from partners.webhooks.delivery import claiming, outcome, schedule
from partners.webhooks.delivery.outcome import Outcome
from partners.webhooks.delivery.sending import Answer
from partners.webhooks.delivery.service import Service
from tests.encounters.ready.test_triggers import draft
from tests.factories import CHANGE, EncounterFactory
from tests.partners.support.webhooks import added, delivery_to

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def endpoint(organization) -> WebhookEndpoint:
    return added(organization)


@pytest.fixture
def delivery(endpoint) -> WebhookDelivery:
    """A delivery of an event whose transcript is served."""
    draft(EncounterFactory(organization=endpoint.organization), status="completed")
    deliver(Answer(status=500))
    return WebhookDelivery.objects.get()


def deliver(answer: Answer) -> Service:
    """Deliver what is due, to receivers that all answer the same."""
    service = Service(4, send=lambda url, headers, body: answer)
    service.run(serve=False)
    return service


def pass_time(by: timedelta) -> None:
    WebhookDelivery.objects.update(next_attempt_at=F("next_attempt_at") - by)
    WebhookEndpoint.objects.update(failing_since=F("failing_since") - by)


def state(delivery) -> tuple[str, int, int]:
    delivery.refresh_from_db()
    return delivery.state, delivery.step, delivery.attempts


def test_a_success_ends_a_delivery_and_the_endpoint_works_again(delivery):
    assert WebhookEndpoint.objects.failing().exists()
    pass_time(DAY)
    assert deliver(Answer(status=200)).delivered == 1
    assert state(delivery) == ("delivered", 2, 2)
    assert delivery.finished_at
    assert not WebhookEndpoint.objects.failing().exists()
    assert [str(each) for each in WebhookAttempt.objects.order_by("pk")] == ["500", "200"]


def test_a_failure_waits_for_the_next_attempt(delivery):
    assert state(delivery) == ("waiting", 1, 1)
    assert deliver(Answer(status=200)).delivered == 0
    wait = delivery.next_attempt_at - WebhookAttempt.objects.get().at
    assert timedelta(seconds=5) <= wait < timedelta(seconds=6.1)


def test_retry_after_is_honoured(delivery):
    pass_time(DAY)
    deliver(Answer(status=429, retry_after="7200"))
    delivery.refresh_from_db()
    assert delivery.next_attempt_at - timezone.now() > timedelta(seconds=7100)


def test_after_ten_attempts_a_delivery_has_failed(delivery):
    for _ in schedule.DELAYS:
        pass_time(timedelta(hours=1))
        WebhookDelivery.objects.filter(state="waiting").update(next_attempt_at=timezone.now())
        deliver(Answer(fault="timeout"))
    assert state(delivery) == ("failed", 10, 10)
    assert WebhookEndpoint.objects.get().is_on


def test_410_switches_the_endpoint_off_and_drops_what_waits(delivery, endpoint):
    waiting = delivery_to(endpoint, next_attempt_at=timezone.now() + DAY)
    pass_time(timedelta(hours=1))
    deliver(Answer(status=410))
    endpoint.refresh_from_db()
    assert (endpoint.is_on, endpoint.off_why) == (False, "gone")
    assert ChangeEvent.objects.get(action=Action.WEBHOOK_SWITCHED_OFF).by == "chartero"
    pass_time(DAY)
    deliver(Answer(status=200))
    assert (state(waiting)[0], waiting.why) == ("dropped", "endpoint_off")


def test_an_endpoint_that_failed_for_five_days_is_switched_off(delivery, endpoint):
    pass_time(5 * DAY - timedelta(hours=1))
    deliver(Answer(status=500))
    endpoint.refresh_from_db()
    assert endpoint.is_on
    pass_time(DAY)
    deliver(Answer(status=500))
    endpoint.refresh_from_db()
    assert (endpoint.is_on, endpoint.off_why) == (False, "failing")


def test_an_endpoint_that_is_off_already_is_not_switched_off_again(delivery, endpoint):
    pass_time(DAY)
    (claimed,) = claiming.claim({endpoint.pk: 1})
    endpoint.switch_off(CHANGE)
    outcome.write([Outcome(claimed, timezone.now(), 5, Answer(status=410))])
    endpoint.refresh_from_db()
    assert endpoint.off_why == "staff"


def test_a_test_event_is_sent_once_even_if_the_endpoint_is_off_and_says_nothing_about_it(endpoint):
    endpoint.switch_off(CHANGE)
    delivery = endpoint.send_test(CHANGE)
    deliver(Answer(status=500))
    assert state(delivery) == ("failed", 1, 1)
    endpoint.refresh_from_db()
    assert endpoint.failing_since is None


def refuse_allowlist(delivery):
    delivery.event.organization.set_access(CHANGE, allowlisted=False)


def refuse_route(delivery):
    delivery.event.organization.set_access(CHANGE, disable=[Route.DOCUMENTS_TRANSCRIPT])


def withdraw(delivery):
    Document.objects.update(withdrawn_at=timezone.now())


def switch_off(delivery):
    delivery.endpoint.switch_off(CHANGE)


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (switch_off, "endpoint_off"),
        (refuse_allowlist, "not_allowlisted"),
        (refuse_route, "route_off"),
        (withdraw, "not_served"),
    ],
)
def test_nobody_is_told_of_what_they_cant_read(delivery, act, why):
    act(delivery)
    pass_time(DAY)
    service = deliver(Answer(status=200))
    assert (service.dropped, service.delivered) == (1, 0)
    assert (state(delivery), delivery.why) == (("dropped", 1, 1), why)


def test_what_was_dropped_is_replayed_when_it_is_allowed_again(delivery, endpoint):
    endpoint.switch_off(CHANGE)
    pass_time(DAY)
    deliver(Answer(status=200))
    endpoint.switch_on(CHANGE)
    WebhookDelivery.objects.all().failed().replay(CHANGE)
    deliver(Answer(status=200))
    assert state(delivery) == ("delivered", 1, 2)


def test_without_its_digest_key_a_delivery_waits_and_no_attempt_is_counted(delivery, settings, caplog):
    settings.DIGEST_KEYS = ""
    pass_time(DAY)
    deliver(Answer(status=200))
    assert state(delivery) == ("waiting", 1, 1)
    assert "webhooks can't be signed: Digest key 2 is not loaded" in caplog.text
    assert delivery.next_attempt_at > timezone.now()


def test_a_missing_digest_key_is_logged_once_by_each_process(delivery, settings, caplog):
    draft(EncounterFactory(organization=delivery.endpoint.organization), status="completed")
    settings.DIGEST_KEYS = ""
    pass_time(DAY)
    deliver(Answer(status=200))
    assert not WebhookDelivery.objects.filter(next_attempt_at__lte=timezone.now()).exists()
    assert (WebhookDelivery.objects.filter(state="waiting").count(), len(caplog.records)) == (2, 1)


@pytest.mark.postgresql
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_everything_is_locked_in_one_order_before_anything_is_changed(organization):
    endpoints = [added(organization, f"https://receiver.example/{number}") for number in range(3)]
    WebhookEndpoint.objects.filter(pk=endpoints[0].pk).update(failing_since=timezone.now())
    claimed = [delivery_to(each, state="leased", lease="x") for each in reversed(endpoints)]
    answers = [Answer(status=500), Answer(status=200), Answer(status=200)]
    with CaptureQueriesContext(connection) as ran:
        outcome.write([Outcome(each, timezone.now(), 5, answer) for each, answer in zip(claimed, answers, strict=True)])
    told = [each["sql"] for each in ran if each["sql"].startswith(("SELECT", "UPDATE"))]
    assert ["FOR NO KEY UPDATE" in each for each in told[:3]] == [True, True, False]
    assert all("ORDER BY" in each for each in told[:2])
    assert not WebhookEndpoint.objects.filter(pk=endpoints[0].pk).failing().exists()


@pytest.mark.postgresql
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_what_is_dropped_is_locked_in_the_same_order(endpoint):
    claimed = [delivery_to(endpoint, state="leased", lease="x") for _ in range(3)]
    with CaptureQueriesContext(connection) as ran:
        outcome.drop([(each, DroppedWhy.ENDPOINT_OFF) for each in reversed(claimed)])
    first, *others = (each["sql"] for each in ran if each["sql"].startswith(("SELECT", "UPDATE")))
    assert "ORDER BY" in first
    assert "FOR NO KEY UPDATE" in first
    assert [each.startswith("UPDATE") for each in others] == [True] * 3


def test_a_delivery_whose_lease_ended_belongs_to_the_process_that_claimed_it_then(delivery, endpoint):
    pass_time(DAY)
    (lost,) = claiming.claim({endpoint.pk: 1})
    assert claiming.claim({endpoint.pk: 1}) == []
    pass_time(DAY)
    (held,) = claiming.claim({endpoint.pk: 1})
    outcome.write([Outcome(lost, timezone.now(), 5, Answer(status=500))])
    assert state(delivery) == ("leased", 1, 1)
    outcome.write([Outcome(held, timezone.now(), 5, Answer(status=200))])
    assert state(delivery) == ("delivered", 2, 2)
    assert WebhookAttempt.objects.count() == 3


def test_a_fault_of_ours_in_an_attempt_is_a_failure_and_loses_nothing(endpoint, caplog):
    delivery = endpoint.send_test(CHANGE)
    service = Service(1, send=lambda url, headers, body: 1 / 0)
    service.run(serve=False)
    assert (state(delivery)[0], WebhookAttempt.objects.get().fault) == ("failed", "internal")
    assert "a webhook was not sent" in caplog.text


def test_events_that_nobody_wants_are_not_written(endpoint):
    WebhookEndpoint.objects.update(events=[])
    draft(EncounterFactory(organization=endpoint.organization), status="completed")
    deliver(Answer(status=200))
    assert not WebhookDelivery.objects.exists()


def test_nothing_is_sent_before_somebody_has_a_secret_to_verify_it_with(organization):
    endpoint = added(organization, shown=False)
    delivery = endpoint.send_test(CHANGE)
    assert deliver(Answer(status=200)).delivered == 0
    endpoint.show_secret(CHANGE)
    assert deliver(Answer(status=200)).delivered == 1
    assert state(delivery)[0] == "delivered"
