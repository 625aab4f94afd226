"""Which endpoints are sent to: those with a delivery that is due, and with a secret in force that somebody has seen."""

from datetime import timedelta

import pytest
from django.utils import timezone

from partners.models import WebhookDelivery, WebhookEndpoint
from partners.webhooks.delivery import claiming
from tests.factories import CHANGE
from tests.partners.support.webhooks import added, delivery_to

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def endpoint(organization) -> WebhookEndpoint:
    """An endpoint with a delivery that is due. Somebody has its first secret."""
    endpoint = added(organization)
    endpoint.send_test(CHANGE)
    return endpoint


def replace_tomorrow(endpoint) -> None:
    endpoint.new_secret(CHANGE, starts_at=timezone.now() + timedelta(days=1))


def let_tomorrow_come() -> None:
    WebhookEndpoint.objects.update(next_starts_at=timezone.now())


def test_nothing_is_sent_while_nobody_has_the_secret_that_replaced_the_old_one_at_once(endpoint):
    assert claiming.endpoints_due() == [endpoint.pk]
    endpoint.new_secret(CHANGE)
    assert claiming.endpoints_due() == []
    endpoint.show_secret(CHANGE)
    assert claiming.endpoints_due() == [endpoint.pk]


def test_nothing_is_sent_while_nobody_has_the_secret_whose_time_came(endpoint):
    replace_tomorrow(endpoint)
    assert claiming.endpoints_due() == [endpoint.pk]
    let_tomorrow_come()
    assert claiming.endpoints_due() == []
    endpoint.show_secret(CHANGE)
    assert claiming.endpoints_due() == [endpoint.pk]


def test_a_secret_that_was_seen_before_its_time_comes_into_force_without_a_gap(endpoint):
    replace_tomorrow(endpoint)
    endpoint.show_secret(CHANGE)
    assert claiming.endpoints_due() == [endpoint.pk]
    let_tomorrow_come()
    assert claiming.endpoints_due() == [endpoint.pk]


def test_a_secret_beside_one_that_somebody_has_holds_nothing_back(endpoint):
    endpoint.new_secret(CHANGE, beside=True)
    assert claiming.endpoints_due() == [endpoint.pk]


def test_what_is_due_next_is_told_unless_nobody_has_the_secret(endpoint, organization):
    assert claiming.due_since() == endpoint.deliveries.get().next_attempt_at
    delivery_to(added(organization, url="https://2.example/", shown=False), next_attempt_at=timezone.now() - DAY)
    assert claiming.due_since() == endpoint.deliveries.get().next_attempt_at
    earlier = delivery_to(added(organization, url="https://3.example/"), next_attempt_at=timezone.now() - DAY)
    assert claiming.due_since() == earlier.next_attempt_at
    WebhookDelivery.objects.update(state="delivered")
    assert claiming.due_since() is None
