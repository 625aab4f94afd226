"""Replays of one delivery and of many, and what is found."""

import pytest
from django.core.exceptions import ValidationError

from partners.models import DeliveryState, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from partners.models.change import Action, Change, ChangeEvent
from tests.factories import CHANGE, START, OrganizationFactory
from tests.partners.support.webhooks import added, delivery_to

pytestmark = pytest.mark.django_db
FINISHED = ("delivered", "failed", "dropped")


@pytest.fixture
def endpoint(organization) -> WebhookEndpoint:
    return added(organization)


@pytest.mark.parametrize("state", FINISHED)
def test_a_finished_delivery_is_replayed_with_the_same_ids(endpoint, state):
    delivery = delivery_to(endpoint, state=state, step=10, attempts=10, finished_at=START)
    assert not delivery.is_open
    before = str(delivery), str(delivery.event)
    delivery.replay(CHANGE)
    assert (delivery.state, delivery.step, delivery.attempts) == (DeliveryState.WAITING, 0, 10)
    assert delivery.is_open
    assert (str(delivery), str(delivery.event)) == before


@pytest.mark.parametrize("state", ["waiting", "leased"])
def test_a_delivery_that_waits_is_not_replayed(endpoint, state):
    with pytest.raises(ValidationError, match="still waiting"):
        delivery_to(endpoint, state=state).replay(CHANGE)


def test_many_are_replayed_with_one_change_for_each_endpoint(endpoint):
    other = added(OrganizationFactory())
    for each in (endpoint, endpoint, other):
        delivery_to(each, state="failed")
    delivery_to(endpoint, state="delivered")
    assert WebhookDelivery.objects.all().failed().replay(CHANGE) == 3
    numbers = {event.after["deliveries"] for event in ChangeEvent.objects.filter(action=Action.WEBHOOK_REPLAYED)}
    assert numbers == {2, 1}


def test_a_replay_needs_a_reason(endpoint):
    with pytest.raises(ValidationError, match="Give the reason"):
        endpoint.deliveries.all().replay(Change(by="tester", source="tests"))


@pytest.mark.parametrize(("status", "fault", "succeeded"), [(204, "", True), (302, "", False), (None, "tls", False)])
def test_an_attempt_succeeded_with_any_2xx(endpoint, status, fault, succeeded):
    attempt = WebhookAttempt(delivery=delivery_to(endpoint), at=START, status=status, fault=fault, milliseconds=1)
    attempt.save()
    assert (attempt.succeeded, str(attempt)) == (succeeded, str(status or fault))
